import { keyHeaders } from '../identity/presented-key.ts';
import { checkKeys, type KeyCheck } from './check-keys.ts';
import { isMap, Reader } from './findings.ts';
import { userHeaderMapping } from './known-keys.ts';

/** The name of a header in lower case. */
function headerName(reader: Reader, key: string): string | null {
  return reader.text(key)?.trim().toLowerCase() || null;
}

const MAPPINGS = 'user_header_mappings';

/** The header of one mapping where customers are named by it. Who may spend whose money is for keys to say, not for headers. */
function mappedHeader(mapping: unknown, path: string, check: KeyCheck): string | null {
  if (!isMap(mapping)) {
    check.findings.fault(path, 'must be a map of header_name and litellm_user_role');
    return null;
  }
  checkKeys(mapping, path, userHeaderMapping, check);
  const reader = new Reader(mapping, path, check.findings);
  const role = reader.text('litellm_user_role')?.toLowerCase();
  if (role === 'internal_user') {
    check.findings.fault(
      `${path}.litellm_user_role`,
      'a header that names an internal user is not served: any caller could spend what another user may; give each user a key of its own, or write customer',
    );
  } else if (role !== 'customer') {
    check.findings.fault(`${path}.litellm_user_role`, 'must be customer');
  }
  const name = headerName(reader, 'header_name');
  if (name === null) check.findings.fault(`${path}.header_name`, 'is missing');
  return name;
}

/**
 * The headers by which the operator has customers named, in the order in which they are asked; none that carries keys, which would
 * be written into rows. `keyHeader`: the one that the operator has chosen for keys.
 */
export function readUserHeaders(
  general: Reader,
  keyHeader: string | null,
  check: KeyCheck,
): readonly string[] {
  const path = `general_settings.${MAPPINGS}`;
  const secret: readonly (string | null)[] = [...keyHeaders, 'cookie', keyHeader];
  const mapped = (general.list(MAPPINGS) ?? []).map((mapping, at) => {
    const place = `${path}[${at}]`;
    return [mappedHeader(mapping, place, check), `${place}.header_name`] as const;
  });
  const own = [headerName(general, 'user_header_name'), 'general_settings.user_header_name'] as const;
  const names = [...mapped, own].flatMap(([name, at]) => {
    if (name === null) return [];
    if (!secret.includes(name)) return [name];
    check.findings.fault(at, `'${name}' carries secrets; have customers named by another header`);
    return [];
  });
  return [...new Set(names)];
}
