export {
  accessInclude,
  basicAuthFile,
  clientAuthorities,
  edgeJails,
  renderAccess,
  renderBanExemptions,
} from './access/render.ts';
export { type AccessState, openAccess } from './access/state.ts';
export { accessVerbs } from './access/verbs.ts';
export { UsageError } from './arguments.ts';
export { attachCertificates } from './certificate/attach.ts';
export { ACME_ROOT, certificateInclude, renderCertificateNames } from './certificate/include.ts';
export type { Check, CheckState, Verdict } from './check.ts';
export { type Command, parseCommandLine } from './command-line.ts';
export { applyEgress, egressRuleFiles, shippedEgressRules } from './egress.ts';
export { type LogPart, logParts, logSources } from './log-sources.ts';
export { exitCodes, type Operator } from './operator.ts';
export type { Status, Versions } from './status.ts';
export { usage } from './usage.ts';
export {
  alarming,
  type Comparison,
  compareWithManifest,
  contentHash,
  filesBelow,
  modeOf,
} from './verify-files.ts';
export {
  type ImageIdentity,
  type ImageManifest,
  manifestPaths,
  parseImageManifest,
  readSignedManifest,
  type ShippedFile,
  type SignedManifest,
} from './verify-manifest.ts';
export { readInstalledPackages, underUsr } from './verify-packages.ts';
export { fingerprintOf, isSignedBy, readPublicKey } from './verify-signature.ts';
