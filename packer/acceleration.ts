/**
 * What is emulated where KVM does not work. A model without AVX is the quickest to emulate; one of AMD's, and the guest's
 * kernel boots a sixth sooner than on Nehalem (140 to 166 s with first boot): it need not change page tables at every
 * system call, nor clear buffers, against what Intel's processors of the time leak. Without svm: nobody runs a
 * machine inside. Without cmpxchg16b: under load QEMU 7.2 has resumed an emulated one with wrong flags, which ended the
 * guest's kernel in a double fault in its allocator.
 */
const EMULATED_CPU = 'Opteron_G3,-svm,-cx16,+ssse3,+sse4.1,+sse4.2';

/** Values of QEMU's options `-accel`, `-cpu` and `-smp`. */
export interface Acceleration {
  readonly accelerator: string;
  readonly cpu: string;
  readonly cpus: number;
}

/**
 * How QEMU runs a machine: on the processor, or emulated. An emulated one has a single processor: a second waits in vain for
 * locks that the first holds whenever the build host runs something else than that one. Beside other work a machine came up
 * with one after 204 s of the host's processor, and with two was not up after 265.
 */
export function accelerationFor(kvm: boolean): Acceleration {
  return kvm
    ? { accelerator: 'kvm', cpu: 'host', cpus: 2 }
    : { accelerator: 'tcg,thread=multi', cpu: EMULATED_CPU, cpus: 1 };
}
