export { checkSbom, sbomPath } from './bom/check.ts';
export { sbomFaults } from './bom/faults.ts';
export { makeSbom, type SbomInputs } from './bom/make.ts';
export { namedPackages } from './bom/read.ts';
export { type Stray, strayFiles } from './bom/stray-files.ts';
export type { CheckResult, CheckStatus } from './check-result.ts';
export { verifyExitCodes } from './checklist/judge.ts';
export { type OpenDisk, openDisk } from './checklist/open-disk.ts';
export { pendingUpdates } from './checklist/pending-updates.ts';
export { type Row, readRows } from './checklist/row.ts';
export { showsSshd } from './checklist/ssh.ts';
export {
  buildHostWords,
  type Disk,
  type Guest,
  type GuestOutcome,
  type Outside,
  type Subject,
  usesBuildMirror,
} from './checklist/subject.ts';
export { renderVerification, type Verification } from './checklist/table.ts';
export { readBuildManifest, verifyImage } from './checklist/verify-image.ts';
export { type Audit, type AuditOptions, auditContainer, auditVm, recheckInVm } from './cis/audit.ts';
export { cisDocuments, cisTailoredOut, productOf } from './cis/documents.ts';
export type { RootShell } from './cis/root-shell.ts';
export type { CisScore } from './cis/score.ts';
export { scoreSchema } from './cis/score-schema.ts';
export { chooseKey } from './evidence/choose-key.ts';
export { expectedKey, publishersKey } from './evidence/expected-key.ts';
export { fileFaults } from './evidence/file-faults.ts';
export { readPreviousPackages } from './evidence/lists.ts';
export { type MachineEvidence, machineEvidence } from './evidence/machine-evidence.ts';
export { readOpenPorts } from './evidence/open-ports.ts';
export { type DocumentName, expectedChecks } from './evidence/pieces.ts';
export { rehearsalKeyFile } from './evidence/rehearsal-key-file.ts';
export { signManifest } from './evidence/sign-manifest.ts';
export { evidenceNames, readSignedEvidence, type SignedEvidence } from './evidence/signed-evidence.ts';
export { publisherKey, rehearsalKey, type SigningKey } from './evidence/signing-key.ts';
export { type EvidenceInputs, writeEvidence } from './evidence/write-evidence.ts';
export { type Feature, type Proof, readFeatures } from './listing/features.ts';
export { type Form, type Marketplace, marketplaces, readForm } from './listing/form.ts';
export { isMarketplace, listingFaults } from './listing/listing-faults.ts';
export { readPng } from './listing/png.ts';
export {
  parseQuickStart,
  type QuickStartBlock,
  type QuickStartPlace,
  type QuickStartStep,
  quickStartPlaces,
} from './listing/quick-start.ts';
export { readScreenshots } from './listing/screenshots.ts';
export { ensureLynis } from './lynis/ensure-lynis.ts';
export { type LynisReport, lynisReport } from './lynis/lynis-report.ts';
export { readPassphrase } from './release/passphrase.ts';
export { refuseOpen, taggedCommit } from './release/release.ts';
export { type Clamav, ensureClamav } from './vulnerabilities/clamav.ts';
export type { CveReport, Finding } from './vulnerabilities/cve-report.ts';
export { findingsTable } from './vulnerabilities/findings-table.ts';
export { rejudgeCveReport } from './vulnerabilities/judge.ts';
export { type Policy, readPolicy } from './vulnerabilities/policy.ts';
export { scanMalware } from './vulnerabilities/scan-malware.ts';
export { type SecretFind, scanSecrets, scanTreeForSecrets } from './vulnerabilities/scan-secrets.ts';
export { scanVulnerabilities } from './vulnerabilities/scan-vulnerabilities.ts';
export { ensureTrivy, fetchedTrivy, type Trivy } from './vulnerabilities/trivy.ts';
