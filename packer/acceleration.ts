/**
 * What is emulated where KVM does not work. A model without AVX is the quickest to emulate; one of AMD's, and the guest's
 * kernel boots a sixth sooner than on Nehalem (140 to 166 s with first boot): it need not change page tables at every
 * system call, nor clear buffers, against what Intel's processors of the time leak. Without svm: nobody runs a
 * machine inside. Without cmpxchg16b: under load QEMU 7.2 has resumed an emulated one with wrong flags, which ended the
 * guest's kernel in a double fault in its allocator.
 */
const EMULATED_CPU = 'Opteron_G3,-svm,-cx16,+ssse3,+sse4.1,+sse4.2';

/** Values of QEMU's options `-accel`, `-cpu` and, for who only wants something done, `-smp`. */
interface Acceleration {
  readonly accelerator: string;
  readonly cpu: string;
  readonly smp: string;
}

/** How QEMU runs a machine: on the processor, or emulated. Of two emulated ones, one spins for a lock that the other holds. */
export function accelerationFor(kvm: boolean): Acceleration {
  return kvm
    ? { accelerator: 'kvm', cpu: 'host', smp: '2' }
    : { accelerator: 'tcg,thread=multi', cpu: EMULATED_CPU, smp: '1' };
}
