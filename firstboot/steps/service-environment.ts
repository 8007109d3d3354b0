import { dirname } from 'node:path';
import { envLine, writeFileAtomic } from '../../appliance/index.ts';
import { accountOf } from '../accounts.ts';
import { FirstBootError } from '../failure.ts';
import type { Step } from './step.ts';

const ROOT_WRITES_SERVICE_READS = 0o640;

const HEADING = `# Made at first boot; the gateway reads it at its start. Keep a backup: without LITELLM_SALT_KEY the provider keys
# that are stored in the database are lost.
`;

const PROVIDERS_HEADING = `# API keys of your providers, one NAME=value a line, for example OPENAI_API_KEY=...
# Apply changes with: systemctl restart litellm
`;

/** The environment files of the gateway: the generated secrets, and the operator's file for provider keys. */
export const serviceEnvironment: Step = {
  name: 'service-environment',

  refuse({ fs, facts }) {
    const { serviceEnv, firstbootState } = facts.paths;
    if (!fs.existsSync(serviceEnv)) return;
    throw new FirstBootError(
      `${serviceEnv} holds keys already, but there is no record that this machine's first boot made them`,
      `restore ${firstbootState} from the backup that ${serviceEnv} belongs to, or, if its keys were never used, ` +
        'move it away; then: systemctl restart litellm-firstboot',
    );
  },

  perform({ machine: { fs, facts }, secrets, database: { kind } }) {
    const { users, ports, paths, database } = facts;
    const { gid } = accountOf(fs, users.service);
    const access = { mode: ROOT_WRITES_SERVICE_READS, owner: { uid: 0, gid } };
    const url = `postgresql://${users.service}:${secrets.databasePassword}@127.0.0.1:${ports.postgresql}/${database}`;
    const values = {
      LITELLM_MASTER_KEY: secrets.masterKey,
      LITELLM_SALT_KEY: secrets.saltKey,
      // The operator's own file says where another server is.
      ...(kind === 'local' && { DATABASE_URL: url }),
      UI_USERNAME: users.admin,
      UI_PASSWORD: secrets.adminPassword,
    };
    const lines = Object.entries(values).map(([name, value]) => `${envLine(name, value)}\n`);
    fs.mkdirSync(dirname(paths.serviceEnv), { recursive: true, mode: 0o755 });
    writeFileAtomic(fs, paths.serviceEnv, `${HEADING}${lines.join('')}`, access);

    if (!fs.existsSync(paths.providersEnv))
      writeFileAtomic(fs, paths.providersEnv, PROVIDERS_HEADING, access);
    fs.chownSync(paths.providersEnv, access.owner.uid, access.owner.gid);
    fs.chmodSync(paths.providersEnv, access.mode);
  },
};
