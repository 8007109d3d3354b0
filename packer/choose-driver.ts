import type { Work } from './command.ts';
import type { Driver, DriverName } from './driver.ts';
import { containerDriver } from './driver-container/driver.ts';
import { vmDriver } from './driver-vm/driver.ts';
import { kvmWorks } from './driver-vm/kvm.ts';

/** The driver by name; without one a virtual machine where it is fast, else the container. */
export async function chooseDriver(name: DriverName | undefined, work: Work): Promise<Driver> {
  if (name === 'container') return containerDriver(work);
  const kvm = await kvmWorks();
  if (name === undefined) work.log.note(kvm ? 'KVM works: a virtual machine' : 'no working KVM: a container');
  return name === 'vm' || kvm ? vmDriver(work, kvm) : containerDriver(work);
}
