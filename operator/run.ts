import { FirstBootError } from '../firstboot/index.ts';
import { UsageError } from './arguments.ts';
import { auditVerify } from './audit.ts';
import { type Command, parseCommandLine } from './command-line.ts';
import { configCheck } from './config-check.ts';
import { resetAdminPassword, showCredentials } from './credentials.ts';
import { databaseApply, databaseCheck, databaseReseal } from './database.ts';
import { logs } from './logs.ts';
import { exitCodes, type Operator, OperatorError } from './operator.ts';
import { status } from './status.ts';
import { usage } from './usage.ts';
import { verify } from './verify.ts';

/** Carries out a command line and returns the exit code; what goes wrong is told on standard error. */
export async function runCommandLine(operator: Operator, args: readonly string[]): Promise<number> {
  try {
    return await perform(operator, parseCommandLine(args));
  } catch (error) {
    operator.writeError(`litellm-ctl: ${(error as Error).message}\n`);
    if (error instanceof UsageError) {
      operator.writeError("what to do: read 'litellm-ctl --help'\n");
      return exitCodes.usage;
    }
    if (error instanceof OperatorError || error instanceof FirstBootError) {
      operator.writeError(`what to do: ${error.remedy}\n`);
    }
    return exitCodes.problem;
  }
}

async function perform(operator: Operator, command: Command): Promise<number> {
  const { name, version } = operator.machine.facts;
  if (command.kind === 'help') {
    operator.write(usage[command.topic]);
    return exitCodes.ok;
  }
  if (command.kind === 'version') {
    operator.write(`${name} ${version}\n`);
    return exitCodes.ok;
  }
  if (!operator.isRoot) throw new OperatorError('only root may do this', 'put sudo before the command');
  switch (command.kind) {
    case 'status':
      return status(operator, command);
    case 'config-check':
      return configCheck(operator, command.json);
    case 'database-check':
      return databaseCheck(operator, command.json);
    case 'database-apply':
      return databaseApply(operator, command.json);
    case 'database-reseal':
      return databaseReseal(operator, command.json);
    case 'credentials':
      return showCredentials(operator, command.json);
    case 'reset-admin-password':
      return resetAdminPassword(operator, command.json);
    case 'access':
    case 'certificate':
    case 'personal-data':
      return command.perform(operator);
    case 'verify':
      return verify(operator, command);
    case 'audit-verify':
      return auditVerify(operator, command);
    case 'logs':
      return logs(operator, command);
  }
}
