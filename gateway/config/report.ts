import type { ConfigResult, Finding } from './config.ts';

function section(title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return '';
  const lines = findings.map(({ path, message }) => `  ${path}: ${message}`);
  return `${title}\n${lines.join('\n')}\n`;
}

/** What a person reads about a configuration: what is wrong, what to know, and what is active. */
export function reportConfig({ config, faults, warnings }: ConfigResult, file: string): string {
  const found = section('Faults:', faults) + section('Warnings:', warnings);
  if (config === null) return `${found}${file}: ${faults.length} faults; the gateway would not start\n`;
  const active = config.deployments.filter(({ missingVariable }) => missingVariable === null).length;
  return `${found}${file}: good; ${active} of ${config.deployments.length} models active\n`;
}
