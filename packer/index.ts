export { type Ansible, ensureAnsible } from './ansible.ts';
export { Failure } from './failure.ts';
export { ensureTools, type ToolNeed } from './tools.ts';
