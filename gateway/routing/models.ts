import type { Config, DeploymentConfig, Finding, ModelTeam } from '../config/config.ts';
import { isModel } from '../identity/subjects.ts';
import type { Logger } from '../observe/logger.ts';
import type { ModelGroup } from './model-group.ts';
import type { ListedModel } from './model-names.ts';
import { compilePlan, type Plan } from './plan.ts';

/** A model of the database, and what becomes of it. */
export interface StoredModel {
  readonly id: string;
  readonly modelName: string;
  readonly team: ModelTeam | null;
  readonly blocked: boolean;
  /** Null where faults keep it from being served. */
  readonly deployment: DeploymentConfig | null;
  readonly faults: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly info: Readonly<Record<string, unknown>>;
}

export interface ModelsOptions {
  readonly file: Pick<Config, 'deployments' | 'aliases'>;
  /** Reads the models of the database; null where none are served. */
  readonly load: (() => Promise<readonly StoredModel[]>) | null;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
}

interface Notice {
  readonly text: string;
  readonly tell: () => void;
}

/** What is wrong with models of the database, and which models have no price: their calls cost nothing in the spend rows. */
function noticesOf(
  stored: readonly StoredModel[],
  { entries }: Plan,
  logger: ModelsOptions['logger'],
): readonly Notice[] {
  const ofStored = stored.flatMap(({ id, modelName, faults, warnings }) => {
    const about = { model: id, model_name: modelName };
    const text = ({ path, message }: Finding) => `${id} ${path} ${message}`;
    return [
      ...faults.map((fault) => ({
        text: text(fault),
        tell: () =>
          logger.error(
            { ...about, setting: fault.path, reason: fault.message },
            'a model of the database is not served',
          ),
      })),
      ...warnings.map((warning) => ({
        text: text(warning),
        tell: () => logger.warn({ ...about, setting: warning.path }, warning.message),
      })),
    ];
  });
  const unpriced = entries
    .filter(({ deployment }) => deployment.price === null)
    .map(({ deployment: { provider, upstreamModel: model } }) => ({
      text: `${provider} ${model}`,
      tell: () =>
        logger.warn(
          { provider, model },
          'no price is known for this model, its calls count as free: set input_cost_per_token and output_cost_per_token in its model_info',
        ),
    }));
  return [...ofStored, ...unpriced];
}

/**
 * The plan of the moment: the models of the file, and those of the database as they are now. Each change of these reads them
 * all anew, they are few; a reading that failed is tried again within a second, and until then the last one counts.
 */
export class Models implements Plan {
  /** Ids of the models of the file. */
  readonly fileIds: ReadonlySet<string>;
  readonly #options: ModelsOptions;
  #plan: Plan;
  #stored: readonly StoredModel[] = [];
  /** Whether the last reading is not, or not yet, what is served. */
  #failed = false;
  #reading: Promise<void> = Promise.resolve();
  /** What was told already of the models as they are. */
  #told: ReadonlySet<string> = new Set();

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.fileIds = new Set(options.file.deployments.map(({ id }) => id));
    this.#plan = compilePlan(options.file, options.now);
    this.#tell();
  }

  find(name: string, teamId: string | null): ModelGroup | undefined {
    return this.#plan.find(name, teamId);
  }

  listed(teamId: string | null): readonly ListedModel[] {
    return this.#plan.listed(teamId);
  }

  get entries(): Plan['entries'] {
    return this.#plan.entries;
  }

  /** All models of the database, those that are not served too. */
  get stored(): readonly StoredModel[] {
    return this.#stored;
  }

  /** Reads what there is now, also when a reading from before a change is under way. */
  refresh(): Promise<void> {
    const { load } = this.#options;
    if (load === null) return Promise.resolve();
    const read = async (): Promise<void> => {
      this.#failed = true;
      this.#adopt(await load());
      this.#failed = false;
    };
    const reading = this.#reading.then(read);
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  #adopt(stored: readonly StoredModel[]): void {
    const { file, now } = this.#options;
    const served = stored.flatMap(({ blocked, deployment }) =>
      blocked || deployment === null ? [] : [deployment],
    );
    const deployments = [...file.deployments, ...served];
    this.#plan = compilePlan({ ...file, deployments, owned: stored.flatMap(({ team }) => team ?? []) }, now);
    this.#stored = stored;
    this.#tell();
  }

  /** Tells what an operator should know of the models, each once while it is so. */
  #tell(): void {
    const told = new Map<string, () => void>();
    for (const notice of noticesOf(this.#stored, this.#plan, this.#options.logger)) {
      told.set(notice.text, notice.tell);
    }
    for (const [text, tell] of told) if (!this.#told.has(text)) tell();
    this.#told = new Set(told.keys());
  }

  #refreshInBackground(): void {
    this.refresh().catch((error) => {
      this.#options.logger.warn({ err: error }, 'the models of the database could not be read');
    });
  }

  /** Hears of every change; those of models and credentials are its own. Resolves when the change is in force. */
  async evict(subject: string): Promise<void> {
    if (isModel(subject)) await this.refresh();
  }

  clear(): void {
    this.#refreshInBackground();
  }

  confirmed(): void {
    if (this.#failed) this.#refreshInBackground();
  }
}
