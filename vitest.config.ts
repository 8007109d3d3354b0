import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;

function project(name: string, include: string[], testTimeout: number, extra: object = {}) {
  return { test: { name, include, testTimeout, hookTimeout: testTimeout, passWithNoTests: false, ...extra } };
}

const oneAtATime = { fileParallelism: false };
const withPrograms = { ...oneAtATime, globalSetup: ['tests/harness/programs.ts'] };

// As in the Makefile: no shell that a test starts reads ~/.bashrc.
process.env.SHLVL = '2';
delete process.env.BASH_ENV;

export default defineConfig({
  test: {
    projects: [
      project(
        'unit',
        [
          '{appliance,gateway,firstboot,nginx,systemd,operator,packer,sbom,publish}/**/*.test.ts',
          'tests/{*,harness/*,bench/**/*}.test.ts',
        ],
        MINUTE,
        // They leave nothing behind in the process: to start one for each file takes a third of the whole time.
        { isolate: false },
      ),
      project(
        'integration',
        ['tests/{integration,firstboot,firewall}/**/*.test.ts'],
        3 * MINUTE,
        withPrograms,
      ),
      project('edge', ['tests/edge/**/*.test.ts'], 3 * MINUTE, withPrograms),
      project('browser', ['tests/browser/**/*.test.ts'], 3 * MINUTE, withPrograms),
      project('container', ['tests/image/{docs,contained-firewall,checklist,targets}.test.ts'], 10 * MINUTE),
      project('driver', ['tests/image/vm-driver.test.ts'], 30 * MINUTE),
      project('clouds', ['tests/image/clouds.test.ts'], 30 * MINUTE),
      project(
        'image',
        ['image', ...(process.env.SOAK === '1' ? ['power-cut'] : [])].map(
          (name) => `tests/image/${name}.test.ts`,
        ),
        30 * MINUTE,
        oneAtATime,
      ),
    ],
  },
});
