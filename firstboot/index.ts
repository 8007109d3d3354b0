export { dnsNamesIn } from './certificate-names.ts';
export { certifiedAdminUrl, certifiedName, nameAdminUrl, siteNames } from './certified-name.ts';
export { askCloud, type CloudAnswer } from './clouds/ask-cloud.ts';
export type { Clock } from './clouds/clock.ts';
export type { CloudFacts, CloudName } from './clouds/cloud.ts';
export { clouds } from './clouds/clouds.ts';
export type { MetadataAccess } from './clouds/metadata-client.ts';
export { CLUSTER_SETTINGS } from './cluster-settings.ts';
export {
  type CredentialField,
  credentialField,
  credentialLabels,
  withCredentialFields,
} from './credentials.ts';
export { type DatabaseChoice, type ExternalDatabase, readDatabaseChoice } from './database-choice.ts';
export { type DatabaseFinding, examineDatabase } from './external-database.ts';
export { FirstBootError } from './failure.ts';
export { hasGivenPair, type PlacedPair, placeGivenPair } from './given-pair.ts';
export { hostMachine } from './host.ts';
export { type Layout, layoutOf } from './layout.ts';
export { requireLocalCluster } from './local-cluster.ts';
export { acquireLock } from './lock.ts';
export type { Machine } from './machine.ts';
export { scramVerifier } from './scram.ts';
export { makePassword } from './secrets.ts';
export { type FirstBootState, readFirstBootState } from './state.ts';
export { rolesAndDatabase } from './steps/database-roles.ts';
export { whereabouts } from './whereabouts.ts';
