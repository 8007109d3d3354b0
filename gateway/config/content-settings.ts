import type { ContentSettings, Environment } from './config.ts';
import type { Findings, Reader } from './findings.ts';

const TEXT_LENGTH = 1000;
const MOST_TEXT_LENGTH = 64 * 1024;

function storesByEnvironment(environment: Environment, findings: Findings): boolean {
  const name = 'STORE_PROMPTS_IN_SPEND_LOGS';
  const written = (environment[name] ?? '').toLowerCase();
  if (written !== '' && written !== 'true' && written !== 'false')
    findings.fault(name, 'must be True or False');
  return written === 'true';
}

function readTextLength(environment: Environment, findings: Findings): number {
  const name = 'MAX_STRING_LENGTH_PROMPT_IN_DB';
  const written = environment[name];
  if (written === undefined || written === '') return TEXT_LENGTH;
  const length = Number(written);
  if (Number.isInteger(length) && length >= 1 && length <= MOST_TEXT_LENGTH) return length;
  findings.fault(name, `must be a whole number from 1 to ${MOST_TEXT_LENGTH}`);
  return TEXT_LENGTH;
}

/** Reads what may be kept. Whatever is not said out loud is not kept. */
export function readContentSettings(
  { general, litellm }: { readonly general: Reader; readonly litellm: Reader },
  environment: Environment,
  findings: Findings,
): ContentSettings {
  const byEnvironment = storesByEnvironment(environment, findings);
  return {
    storePrompts: general.boolean('store_prompts_in_spend_logs') ?? byEnvironment,
    textLength: readTextLength(environment, findings),
    redactMessages: litellm.boolean('turn_off_message_logging') ?? false,
    keepProviderWords: litellm.boolean('redact_messages_in_exceptions') === false,
    ignoreNoLog: litellm.boolean('global_disable_no_log_param') ?? false,
  };
}
