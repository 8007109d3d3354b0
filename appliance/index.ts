export {
  type FileAccess,
  type Owner,
  rewriteFileAtomic,
  syncDirectory,
  writeFileAtomic,
} from './atomic-file.ts';
export { type DatabaseConnection, databaseConnection } from './database-connection.ts';
export { type DatabaseFailure, explainDatabaseFailure } from './database-failure.ts';
export {
  type DatabaseTarget,
  DatabaseUrlError,
  placeOf,
  readDatabaseUrl,
} from './database-url.ts';
export { EnvFileError, envLine, parseEnvFile, withEnvValue } from './env-file.ts';
export {
  type AdminPasswordRule,
  type BaseFacts,
  type CisEngine,
  cisEngines,
  type Facts,
  type ProductFacts,
  parseFacts,
  readFacts,
  type TargetFacts,
} from './facts.ts';
export { FactsError } from './facts-error.ts';
export { type FileSystem, readTextIfAny } from './file-system.ts';
export { exampleAddresses, type ListingFacts } from './listing-facts.ts';
export { localOwnerUrl, type MachineFacts, machineFacts } from './machine-facts.ts';
export { linkLocalRanges, metadataHosts } from './metadata-addresses.ts';
export {
  mustRun,
  ProgramError,
  type ProgramOptions,
  type ProgramResult,
  type RunProgram,
  runProgram,
} from './programs.ts';
export { readMachineFacts } from './read-machine-facts.ts';
export { record } from './record-schema.ts';
