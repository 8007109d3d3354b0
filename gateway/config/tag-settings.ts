import type { TagSettings } from './config.ts';
import type { Reader } from './findings.ts';

/** Reads which tags calls get beside those of their keys and teams. */
export function readTagSettings({
  general,
  litellm,
}: {
  readonly general: Reader;
  readonly litellm: Reader;
}): TagSettings {
  return {
    fromClients: !(general.boolean('reject_clientside_metadata_tags') ?? false),
    ofUserAgent: !(litellm.boolean('disable_add_user_agent_to_request_tags') ?? false),
  };
}
