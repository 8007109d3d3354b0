export { type Ansible, ensureAnsible } from './ansible.ts';
export { type Bundle, bundlePrograms } from './bundle.ts';
export { runCommand, type Work } from './command.ts';
export { kvmWorks } from './driver-vm/kvm.ts';
export { Failure } from './failure.ts';
export { createLog, type Log } from './log.ts';
export { ensureTools, type ToolNeed } from './tools.ts';
