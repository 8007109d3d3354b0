import { LineCounter, parseDocument } from 'yaml';
import { type Findings, isMap, type Settings } from './findings.ts';

/** YAML 1.1, as LiteLLM's reader understands it (`yes`, merge keys); a key that stands twice is a fault. */
export function parseYaml(text: string, findings: Findings): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
  });
  for (const { pos, message } of document.errors)
    findings.fault(`line ${lines.linePos(pos[0]).line}`, message);
  if (document.errors.length > 0) return {};
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    findings.fault('the file', `cannot be read as YAML: ${(cause as Error).message}`);
    return {};
  }
  if (isMap(value)) return value;
  findings.fault('the file', 'must hold a map with model_list; an empty file configures nothing');
  return {};
}
