import type { Cloud, CloudFacts } from './cloud.ts';
import { type MetadataAccess, MetadataClient } from './metadata-client.ts';

/** What became of asking a cloud about this machine. */
export type CloudAnswer =
  | { readonly kind: 'told'; readonly facts: CloudFacts }
  /** Nobody answered, or as another service; what was known before may still be right. */
  | { readonly kind: 'unavailable'; readonly note: string };

/** Asks the cloud's metadata service about this machine. Never throws: a machine lives without an answer. */
export async function askCloud(cloud: Cloud, access: MetadataAccess): Promise<CloudAnswer> {
  using overall = access.clock.limit(access.overallTimeoutMs);
  const { signal } = overall;
  try {
    return {
      kind: 'told',
      facts: await cloud.ask(new MetadataClient(access, cloud.endpoints, signal)),
    };
  } catch (error) {
    const why = signal.aborted
      ? `no answer within ${access.overallTimeoutMs / 1000} s`
      : (error as Error).message;
    return { kind: 'unavailable', note: `the metadata service did not tell (${why})` };
  }
}
