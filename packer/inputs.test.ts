import { expect, test } from 'vitest';
import { bakeId, type Inputs } from './inputs.ts';

const inputs: Inputs = {
  base: { id: 'base', origin: {} },
  payload: 'payload',
  roles: 'roles',
  playbook: 'playbook',
  template: 'template',
  packageLock: 'lock',
  tools: { ansible: '2.19', node: '24' },
};

test.each([
  ['another base', { ...inputs, base: { id: 'other', origin: {} } }],
  ['another payload', { ...inputs, payload: 'other' }],
  ['other roles', { ...inputs, roles: 'other' }],
  ['another playbook', { ...inputs, playbook: 'other' }],
  ['another template', { ...inputs, template: 'other' }],
  [
    "ansible-lockdown's role",
    { ...inputs, tools: { ...inputs.tools, 'ansible-lockdown': 'UBUNTU24-CIS c893' } },
  ],
  ['another Ansible', { ...inputs, tools: { ...inputs.tools, ansible: '2.20' } }],
])('%s is baked anew', (_, changed) => {
  expect(bakeId(changed, 'container')).not.toBe(bakeId(inputs, 'container'));
});

test('another driver bakes anew, another tool beside it does not', () => {
  expect(bakeId(inputs, 'vm')).not.toBe(bakeId(inputs, 'container'));
  expect(bakeId({ ...inputs, tools: { ...inputs.tools, node: '26' } }, 'vm')).toBe(bakeId(inputs, 'vm'));
});
