/** The hardening roles as the auditor reads them: by section and by rule, each of them with its switch. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Task {
  readonly name: string;
  readonly vars?: { readonly cis_rules?: readonly string[] };
  readonly tags?: readonly string[];
  readonly when?: string;
  readonly register?: string;
  readonly [key: string]: unknown;
}

const ansible = fileURLToPath(new URL('../ansible', import.meta.url));
const read = (path: string): unknown => parse(readFileSync(`${ansible}/${path}`, 'utf8'));
const tasksOf = (path: string): readonly Task[] => read(path) as Task[];

const files = readdirSync(`${ansible}/roles/cis/tasks`).filter((file) => file !== 'main.yml');
const tasks = files.flatMap((file) => tasksOf(`roles/cis/tasks/${file}`));
const imports = (task: Task): boolean => 'ansible.builtin.import_tasks' in task;
/** Tasks that look and change nothing; what they see is used by the task after them. */
const looks = (task: Task): boolean =>
  ['stat', 'find', 'getent'].some((module) => `ansible.builtin.${module}` in task);
const acts = tasks.filter((task) => !imports(task) && !looks(task));

test('the role is a table of contents with one entry for each section of the benchmark', () => {
  const sections = tasksOf('roles/cis/tasks/main.yml').map((task) => task['ansible.builtin.import_tasks']);
  expect(sections.map((file) => /^section-(\d)-/.exec(String(file))?.[1])).toEqual([
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
  ]);
});

test('every task that acts carries its rules as its tags', () => {
  const packages = acts.find(({ name }) => name.startsWith('Do without services')) as Task;
  const others = acts.filter((task) => task !== packages);
  expect(others.length).toBeGreaterThan(30);
  for (const { name, tags, vars } of others) {
    expect(vars?.cis_rules?.length, name).toBeGreaterThan(0);
    expect(tags, name).toEqual(vars?.cis_rules);
  }
});

test('every task that acts is switched off by tailoring out its rules', () => {
  for (const { name, when, ...rest } of acts) {
    const perItem = JSON.stringify(rest).includes("rejectattr('key', 'in', cis_tailored_out)");
    expect(perItem || when?.endsWith('cis_rules is not subset(cis_tailored_out)'), name).toBe(true);
  }
});

test('packages are taken away by the rule that wants it, and nginx is tailored out', () => {
  const { cis_unwanted_packages } = read('roles/cis/vars/main.yml') as {
    cis_unwanted_packages: Record<string, string>;
  };
  const task = acts.find(({ name }) => name.startsWith('Do without services'));
  expect(task?.tags).toEqual(Object.keys(cis_unwanted_packages));
  const tailoring = parse(
    readFileSync(fileURLToPath(new URL('../sbom/cis/tailoring.yaml', import.meta.url)), 'utf8'),
  ) as { rules: { rule: string; reason: string; compensation: string }[] };
  const out = tailoring.rules.map(({ rule }) => rule);
  expect(out).toContain('package_nginx_removed');
  expect(out.length).toBeLessThanOrEqual(11);
});

test("the kernel's tasks are tagged with the rule of each setting and module", () => {
  const { kernel_benchmark, kernel_modules } = read('roles/kernel/vars/main.yml') as {
    kernel_benchmark: Record<string, number>;
    kernel_modules: string[];
  };
  const [settings] = tasksOf('roles/kernel/tasks/settings.yml');
  const [modules] = tasksOf('roles/kernel/tasks/modules.yml');
  expect(settings?.tags).toEqual(
    Object.keys(kernel_benchmark).map((key) => `sysctl_${key.replaceAll('.', '_')}`),
  );
  expect(modules?.tags).toEqual(kernel_modules.map((name) => `kernel_module_${name}_disabled`));
});

test('no task goes on after an error', () => {
  const roles = readdirSync(`${ansible}/roles`, { recursive: true, encoding: 'utf8' });
  const careless = roles.filter(
    (file) =>
      file.endsWith('.yml') && readFileSync(`${ansible}/roles/${file}`, 'utf8').includes('ignore_errors'),
  );
  expect(careless).toEqual([]);
});
