import { stringify } from 'yaml';
import { deployment } from '../harness/chat.ts';

/** The configuration of the gateway that the table is asked of, with its provider at this address. */
export function configFor(providerUrl: string): string {
  return stringify({
    general_settings: { store_model_in_db: true },
    litellm_settings: { store_audit_logs: true },
    model_list: [deployment('one', providerUrl), deployment('two', providerUrl)],
  });
}
