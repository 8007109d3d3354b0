/** How QEMU runs the build machine: on the processor, or emulated with one that emulation knows well. */
export function accelerationFor(kvm: boolean): { accelerator: string; cpu: string } {
  return kvm ? { accelerator: 'kvm', cpu: 'host' } : { accelerator: 'tcg,thread=multi', cpu: 'Nehalem' };
}
