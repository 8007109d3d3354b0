import type { Window } from '../../config/key-rules.ts';
import { nullableCount } from './limit-fields.ts';

/** What is beyond it is a mistake, and no float column would hold it to the cent. */
export const LARGEST_BUDGET = 1e12;

const amount = { type: 'number', minimum: 0, maximum: LARGEST_BUDGET } as const;
const duration = { type: ['string', 'null'] } as const;
/** The name is a part of the budget's, which is an index key. */
const LONGEST_MODEL = 128;

/** The budget of one model, in either of LiteLLM's spellings. */
interface ModelBudget {
  readonly max_budget?: number;
  readonly budget_limit?: number;
  readonly budget_duration?: string | null;
  readonly time_period?: string | null;
  readonly rpm_limit?: number | null;
  readonly tpm_limit?: number | null;
}

export type ModelBudgets = Readonly<Record<string, ModelBudget>>;

export interface WindowFields {
  readonly budget_limits?: readonly Window[] | null;
}

export interface ModelBudgetFields {
  readonly model_max_budget?: ModelBudgets | null;
}

export interface IncreaseFields {
  /** USD. */
  readonly temp_budget_increase?: number | null;
  /** ISO 8601; UTC where no zone is named. */
  readonly temp_budget_expiry?: string | null;
}

export const windowFields = {
  budget_limits: {
    type: ['array', 'null'],
    maxItems: 16,
    items: {
      type: 'object',
      required: ['budget_duration', 'max_budget'],
      properties: { budget_duration: { type: 'string' }, max_budget: amount },
    },
  },
} as const;

export const modelBudgetFields = {
  model_max_budget: {
    type: ['object', 'null'],
    maxProperties: 100,
    propertyNames: { minLength: 1, maxLength: LONGEST_MODEL },
    additionalProperties: {
      type: 'object',
      properties: {
        max_budget: amount,
        budget_limit: amount,
        budget_duration: duration,
        time_period: duration,
        rpm_limit: nullableCount,
        tpm_limit: nullableCount,
      },
    },
  },
} as const;

export const increaseFields = {
  temp_budget_increase: { type: ['number', 'null'], exclusiveMinimum: 0, maximum: LARGEST_BUDGET },
  temp_budget_expiry: { type: ['string', 'null'] },
} as const;
