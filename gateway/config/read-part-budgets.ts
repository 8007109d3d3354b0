import { parseDuration } from '../identity/duration.ts';
import { checkKeys, type KeyCheck } from './check-keys.ts';
import { isMap, Reader, type Settings } from './findings.ts';
import type { ModelBudget, Window } from './key-rules.ts';
import { modelBudgetParams, windowParams } from './known-keys.ts';
import { given, usd, wholeNumber } from './read-params.ts';

/** A duration as it is stored; undefined where none is said, and for what is none or lasts for no time. */
function periodOf(reader: Reader, key: string, path: string, { findings }: KeyCheck): string | undefined {
  const text = reader.text(key);
  if (text === undefined) return undefined;
  const { count = 0, unit = '' } = parseDuration(text) ?? {};
  if (count > 0) return `${count}${unit}`;
  findings.fault(`${path}.${key}`, `'${text}' is no duration of a budget; write one such as 24h, 30d or 1mo`);
  return undefined;
}

/** The members of a map that stands at `path`; anything else is a fault, and holds nothing. */
function membersOf(value: unknown, path: string, { findings }: KeyCheck): Settings | undefined {
  if (isMap(value)) return value;
  findings.fault(path, 'must be a map');
  return undefined;
}

function readWindow(value: unknown, path: string, check: KeyCheck): Window | undefined {
  const map = membersOf(value, path, check);
  if (map === undefined) return undefined;
  checkKeys(map, path, windowParams, check);
  const reader = new Reader(map, path, check.findings);
  const budget_duration = periodOf(reader, 'budget_duration', path, check);
  const max_budget = usd(reader, 'max_budget');
  if (budget_duration !== undefined && max_budget !== undefined) return { budget_duration, max_budget };
  check.findings.fault(path, 'needs a budget_duration and a max_budget');
  return undefined;
}

/** `budget_limits`: budgets of windows of time, no two of one length. */
export function readWindows(reader: Reader, parent: string, check: KeyCheck): readonly Window[] | undefined {
  const path = `${parent}.budget_limits`;
  const windows = reader
    .list('budget_limits')
    ?.flatMap((value, at) => readWindow(value, `${path}[${at}]`, check) ?? []);
  const lengths = (windows ?? []).map(({ budget_duration }) => budget_duration);
  const twice = lengths.find((length, at) => lengths.indexOf(length) !== at);
  if (twice !== undefined)
    check.findings.fault(path, `has two windows of ${twice}; the smaller one would hold`);
  return windows;
}

function readModelBudget(value: unknown, path: string, check: KeyCheck): ModelBudget | undefined {
  // The first guides to LiteLLM write an amount alone.
  const map = typeof value === 'number' ? { max_budget: value } : membersOf(value, path, check);
  if (map === undefined) return undefined;
  const { findings } = check;
  checkKeys(map, path, modelBudgetParams, check);
  const reader = new Reader(map, path, findings);
  const [amount, older] = [usd(reader, 'max_budget'), usd(reader, 'budget_limit')];
  const [period, olderPeriod] = ['budget_duration', 'time_period'].map((key) =>
    periodOf(reader, key, path, check),
  );
  if (amount !== undefined && older !== undefined)
    findings.fault(path, 'has max_budget and budget_limit, which are the same');
  if (period !== undefined && olderPeriod !== undefined) {
    findings.fault(path, 'has budget_duration and time_period, which are the same');
  }
  const place = { path, findings };
  const budget = given<ModelBudget>({
    max_budget: amount ?? older,
    budget_duration: period ?? olderPeriod,
    rpm_limit: wholeNumber(reader, 'rpm_limit', place),
    tpm_limit: wholeNumber(reader, 'tpm_limit', place),
  });
  const isLimit = budget.rpm_limit !== undefined || budget.tpm_limit !== undefined;
  if (budget.max_budget === undefined && (budget.budget_duration !== undefined || !isLimit)) {
    findings.fault(path, 'needs a max_budget');
  }
  return budget;
}

/** `model_max_budget`: budgets of single models, in either of LiteLLM's spellings. */
export function readModelBudgets(
  reader: Reader,
  parent: string,
  check: KeyCheck,
): Readonly<Record<string, ModelBudget>> | undefined {
  const map = reader.map('model_max_budget');
  if (map === undefined) return undefined;
  const budgets = Object.entries(map).map(
    ([model, value]) =>
      [model, readModelBudget(value, `${parent}.model_max_budget.${model}`, check)] as const,
  );
  return Object.fromEntries(
    budgets.flatMap(([model, budget]) => (budget === undefined ? [] : [[model, budget]])),
  );
}
