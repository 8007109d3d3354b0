import type { Credentials } from './config.ts';
import { type Findings, isMap, Reader, type Settings } from './findings.ts';

/** Reads `credential_list` of the file. */
export function readCredentials(file: Reader, findings: Findings): Credentials {
  const credentials = new Map<string, Settings>();
  for (const [index, entry] of (file.list('credential_list') ?? []).entries()) {
    const path = `credential_list.${index}`;
    if (!isMap(entry)) {
      findings.fault(path, 'must be a map with credential_name and credential_values');
      continue;
    }
    const reader = new Reader(entry, path, findings);
    const name = reader.text('credential_name');
    const values = reader.map('credential_values');
    if (name === undefined) findings.fault(`${path}.credential_name`, 'is missing');
    else if (values === undefined) findings.fault(`${path}.credential_values`, 'is missing');
    else if (credentials.has(name)) findings.fault(`${path}.credential_name`, `'${name}' is there twice`);
    else credentials.set(name, values);
  }
  return credentials;
}

/** An entry's `litellm_params` with those of the credential that it names; what the entry says itself wins. */
export function withCredential(
  params: Settings,
  path: string,
  { credentials, findings }: { readonly credentials: Credentials; readonly findings: Findings },
): Settings {
  const name = new Reader(params, path, findings).text('litellm_credential_name');
  if (name === undefined) return params;
  const values = credentials.get(name);
  if (values === undefined) {
    findings.fault(`${path}.litellm_credential_name`, `there is no credential '${name}'`);
    return params;
  }
  const own = Object.entries(params).filter(([, value]) => value !== null);
  return { ...values, ...Object.fromEntries(own) };
}
