import { emulator } from './boot/emulator.ts';
import { QEMU } from './driver-vm/kvm.ts';

/**
 * What is emulated where KVM does not work. A model without AVX is the quickest to emulate; one of AMD's, and the guest's
 * kernel boots a sixth sooner than on Nehalem (140 to 166 s with first boot): it need not change page tables at every
 * system call, nor clear buffers, against what Intel's processors of the time leak. Without svm: nobody runs a machine
 * inside. Without cmpxchg16b: under load QEMU 7.2 has resumed an emulated one with wrong flags, which ended the guest's
 * kernel in a double fault in its allocator. Without lzcnt (abm): where bmi1 is missing QEMU 10.0 executes it as bsr, and
 * WebAssembly in Node ended with `memory access out of bounds`.
 */
const EMULATED_CPU = 'Opteron_G3,-svm,-cx16,-abm,+ssse3,+sse4.1,+sse4.2';

/** The QEMU that runs a machine, and values of its options `-accel`, `-cpu` and, for who only wants something done, `-smp`. */
export interface Acceleration {
  readonly program: string;
  readonly accelerator: string;
  readonly cpu: string;
  readonly smp: string;
}

/** How QEMU runs a machine: on the processor, or emulated. Of two emulated ones, one spins for a lock that the other holds. */
export async function accelerationFor(kvm: boolean): Promise<Acceleration> {
  return kvm
    ? { program: QEMU, accelerator: 'kvm', cpu: 'host', smp: '2' }
    : { program: await emulator(), accelerator: 'tcg,thread=multi', cpu: EMULATED_CPU, smp: '1' };
}
