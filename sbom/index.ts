export { checkSbom, sbomPath } from './bom/check.ts';
export { sbomFaults } from './bom/faults.ts';
export { makeSbom, type SbomInputs } from './bom/make.ts';
export { namedPackages } from './bom/read.ts';
export { type Stray, strayFiles } from './bom/stray-files.ts';
export type { CheckResult, CheckStatus } from './check-result.ts';
