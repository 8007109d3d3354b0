import { findProvider } from '../providers/catalogue.ts';
import type { Credentials, DeploymentConfig, DeploymentRules, Finding } from './config.ts';
import { readDeployment } from './deployment.ts';
import { Findings, isMap, type Settings } from './findings.ts';
import { referencedVariable } from './references.ts';

/** A model of the database, its texts opened. */
export interface StoredEntry {
  readonly id: string;
  readonly modelName: string;
  readonly params: Settings;
  readonly info: Settings;
}

/** Everything that entries of the database are read by. */
export interface StoredRules {
  readonly rules: DeploymentRules;
  /** Credentials of the database; those of the file are in `rules`, and win. */
  readonly stored: Credentials;
}

export interface ReadModel {
  /** Null where there are faults. */
  readonly deployment: DeploymentConfig | null;
  readonly faults: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Names of a member that says where calls go. */
export const addressKeys = ['api_base', 'base_url'] as const;

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
const hasAddress = (values: Settings): boolean => addressKeys.some((key) => isSet(values[key]));

/** Members with a reference in them, at any depth. */
export function referencingMembers(values: Settings): readonly string[] {
  const refers = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(refers);
    return isMap(value) ? Object.values(value).some(refers) : referencedVariable(value) !== undefined;
  };
  return Object.keys(values).filter((key) => refers(values[key]));
}

export const OF_FILE = 'refers to the environment, which only the configuration file may do';
const LEND = 'put it into a credential of credential_list there, and name that as litellm_credential_name';

/**
 * The file says which variables of this machine go to whom. Else whoever may add models could have any secret of the gateway sent
 * anywhere, or read it in what is said of an entry that is wrong.
 */
function checkReferences({ params, info }: StoredEntry, findings: Findings): void {
  for (const key of referencingMembers(params).filter((name) => name !== 'api_key')) {
    findings.fault(`litellm_params.${key}`, `${OF_FILE}: ${LEND}`);
  }
  for (const key of referencingMembers(info)) findings.fault(`model_info.${key}`, OF_FILE);
}

/** A model of the database may only name the key that its provider is called with anyway. */
function checkKeyReference({ params }: StoredEntry, provider: string | undefined, findings: Findings): void {
  if (!referencingMembers(params).includes('api_key')) return;
  const ownKeys = (provider && findProvider(provider)?.api_key_env) || [];
  const variable = referencedVariable(params.api_key);
  if (variable !== undefined && ownKeys.includes(variable)) return;
  findings.fault('litellm_params.api_key', `${OF_FILE}: ${LEND}`);
}

/**
 * Where an address comes from the database, the key comes from the same place: a key of the file, of the environment or of a
 * credential is sent to nobody but whom the operator meant it for. True when the environment's keys are out of reach.
 */
function checkAddress({ params }: StoredEntry, { rules, stored }: StoredRules, findings: Findings): boolean {
  const name = params.litellm_credential_name;
  const ofFile = typeof name === 'string' ? rules.credentials.get(name) : undefined;
  const ofStore = typeof name === 'string' && ofFile === undefined ? stored.get(name) : undefined;
  if (hasAddress(params)) {
    if (isSet(params.api_key)) return true;
    if (isSet(ofFile?.api_key) || isSet(ofStore?.api_key)) {
      findings.fault(
        'litellm_params.api_base',
        `needs an api_key beside it: that of the credential '${name}' is sent to no other address`,
      );
    }
    return true;
  }
  if (ofStore === undefined || !hasAddress(ofStore)) return false;
  if (isSet(params.api_key)) {
    findings.fault(
      'litellm_params.api_key',
      `must not stand beside the credential '${name}', which has an address`,
    );
  }
  return true;
}

const named = (found: readonly Finding[]): readonly Finding[] =>
  found.map(({ path, message }) => ({ path: path.replace(/^\./, ''), message }));

/** Reads a model of the database as an entry of the file is read, but with no more of the environment than it may use. */
export function readStoredModel(
  entry: StoredEntry,
  { rules, stored }: StoredRules,
  seenIds: Set<string>,
): ReadModel {
  const findings = new Findings();
  checkReferences(entry, findings);
  // Read on, and a fault could quote what they lead to.
  if (findings.faults.length > 0) return { deployment: null, faults: findings.faults, warnings: [] };
  const apart = checkAddress(entry, { rules, stored }, findings);
  const written = {
    model_name: entry.modelName,
    litellm_params: entry.params,
    model_info: { ...entry.info, id: entry.id },
  };
  const deployment = readDeployment(written, '', {
    ...rules,
    ...(apart && { environment: {} }),
    credentials: new Map([...stored, ...rules.credentials]),
    findings,
    seenIds,
  });
  checkKeyReference(entry, apart ? undefined : deployment?.provider, findings);
  if (apart && deployment !== undefined && deployment.missingVariable !== null) {
    findings.fault(
      'litellm_params.api_key',
      'is missing: a key of the environment is not sent to an address that the database names',
    );
  }
  const faults = named(findings.faults);
  return {
    deployment: faults.length === 0 ? (deployment ?? null) : null,
    faults,
    warnings: named(findings.warnings),
  };
}
