import { usdFromPico } from '../../accounting/money.ts';
import { type DailyFigures, type DailyRow, dailyCounts } from '../../store/daily-sums.ts';
import type { KeyNames } from '../../store/report-names.ts';

/** The sum of figures. */
class Sum {
  #spent = 0n;
  readonly #counts = new Map<(typeof dailyCounts)[number], number>();

  add(figures: DailyFigures): void {
    this.#spent += figures.spent;
    for (const name of dailyCounts) this.#counts.set(name, (this.#counts.get(name) ?? 0) + figures[name]);
  }

  #count(name: (typeof dailyCounts)[number]): number {
    return this.#counts.get(name) ?? 0;
  }

  metrics() {
    return {
      spend: usdFromPico(this.#spent),
      prompt_tokens: this.#count('prompt_tokens'),
      completion_tokens: this.#count('completion_tokens'),
      cache_read_input_tokens: this.#count('cache_read_input_tokens'),
      cache_creation_input_tokens: this.#count('cache_creation_input_tokens'),
      total_tokens: this.#count('prompt_tokens') + this.#count('completion_tokens'),
      successful_requests: this.#count('successful_requests'),
      failed_requests: this.#count('failed_requests'),
      api_requests: this.#count('api_requests'),
    };
  }
}

/** What names are told of beside their figures. */
export interface ActivityNames {
  readonly keys: ReadonlyMap<string, KeyNames>;
  /** By the ids of those whom the rows are for. */
  readonly aliases: ReadonlyMap<string, string>;
}

function keyMember(hash: string, sum: Sum, { keys }: ActivityNames) {
  const { key_alias = null, team_id = null } = keys.get(hash) ?? {};
  return { metrics: sum.metrics(), metadata: { key_alias, team_id } };
}

/** What a map has by this name, made when it is first asked for. */
function memberOf<T>(map: Map<string, T>, name: string, make: () => T): T {
  const found = map.get(name) ?? make();
  map.set(name, found);
  return found;
}

/** Sums by name. */
class Sums {
  readonly #sums = new Map<string, Sum>();

  add(name: string, figures: DailyFigures): void {
    memberOf(this.#sums, name, () => new Sum()).add(figures);
  }

  json<T>(shown: (name: string, sum: Sum) => T): Record<string, T> {
    return Object.fromEntries([...this.#sums].map(([name, sum]) => [name, shown(name, sum)]));
  }
}

/** Sums by name, and of each those of its keys. */
class Breakdown {
  readonly #all = new Sums();
  readonly #keys = new Map<string, Sums>();

  /** A row without such a name has no part in it; a key without a name is not told apart. */
  add(name: string | null, row: DailyRow): void {
    if (name === null || name === '') return;
    this.#all.add(name, row);
    if (row.api_key === '') return;
    memberOf(this.#keys, name, () => new Sums()).add(row.api_key, row);
  }

  json(names: ActivityNames, metadata: (name: string) => object = () => ({})) {
    return this.#all.json((name, sum) => ({
      metrics: sum.metrics(),
      metadata: metadata(name),
      api_key_breakdown: this.#keys.get(name)?.json((hash, part) => keyMember(hash, part, names)) ?? {},
    }));
  }
}

/** What one day's rows come to. */
class ActivityDay {
  readonly #total = new Sum();
  readonly #keys = new Sums();
  readonly #models = new Breakdown();
  readonly #groups = new Breakdown();
  readonly #providers = new Breakdown();
  readonly #endpoints = new Breakdown();
  readonly #tools = new Breakdown();
  readonly #entities = new Breakdown();

  add(row: DailyRow): void {
    this.#total.add(row);
    if (row.api_key !== '') this.#keys.add(row.api_key, row);
    this.#models.add(row.model, row);
    this.#groups.add(row.model_group || row.model, row);
    this.#providers.add(row.custom_llm_provider || 'unknown', row);
    this.#endpoints.add(row.endpoint, row);
    this.#tools.add(row.mcp_namespaced_tool_name, row);
    this.#entities.add(row.whom, row);
  }

  json(date: string, names: ActivityNames) {
    const { aliases } = names;
    return {
      date,
      metrics: this.#total.metrics(),
      breakdown: {
        models: this.#models.json(names),
        model_groups: this.#groups.json(names),
        providers: this.#providers.json(names),
        endpoints: this.#endpoints.json(names),
        mcp_servers: this.#tools.json(names),
        api_keys: this.#keys.json((hash, sum) => keyMember(hash, sum, names)),
        entities: this.#entities.json(names, (id) =>
          aliases.has(id) ? { team_alias: aliases.get(id) } : {},
        ),
      },
    };
  }
}

/** Rows of the daily tables as LiteLLM's activity answers show them: `results` by day, in the order of the rows, and `totals`. */
export function activityOf(rows: readonly DailyRow[], names: ActivityNames) {
  const total = new Sum();
  const days = new Map<string, ActivityDay>();
  for (const row of rows) {
    total.add(row);
    memberOf(days, row.date, () => new ActivityDay()).add(row);
  }
  const sums = total.metrics();
  return {
    results: [...days].map(([date, day]) => day.json(date, names)),
    totals: Object.fromEntries(
      Object.entries(sums).map(([name, value]) => [name === 'total_tokens' ? name : `total_${name}`, value]),
    ),
  };
}
