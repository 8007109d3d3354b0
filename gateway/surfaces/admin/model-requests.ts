import { LONGEST_ID } from './key-requests.ts';
import { bodyReader, queryReader } from './validation.ts';

type Members = Readonly<Record<string, unknown>>;

/** What of `model_info` says which model it is, and whose. */
interface NamedInfo {
  readonly id?: string | null;
  readonly team_id?: string | null;
  /** What the team's keys call it. */
  readonly team_public_model_name?: string | null;
}

/** What a model is made of; in an update, what changes. */
export interface ModelRequest {
  readonly model_name?: string | null;
  readonly litellm_params?: Members | null;
  readonly model_info?: (Members & NamedInfo) | null;
  readonly blocked?: boolean | null;
}

const id = { type: 'string', minLength: 1, maxLength: LONGEST_ID } as const;
const name = { ...id, type: ['string', 'null'] } as const;
const members = { type: ['object', 'null'] } as const;

const properties = {
  model_name: name,
  litellm_params: members,
  model_info: { ...members, properties: { id: name, team_id: name, team_public_model_name: name } },
  blocked: { type: ['boolean', 'null'] },
} as const;

export const readNewModel = bodyReader<
  ModelRequest & { readonly model_name: string; readonly litellm_params: Members }
>({
  type: 'object',
  required: ['model_name', 'litellm_params'],
  properties: { ...properties, model_name: id, litellm_params: { type: 'object' } },
});

export const readModelUpdate = bodyReader<ModelRequest>({ type: 'object', properties });

export const readModelDelete = bodyReader<{ readonly id: string }>({
  type: 'object',
  required: ['id'],
  properties: { id },
});

/** A model to be tried before it is added. */
export const readConnectionTest = bodyReader<{
  readonly litellm_params: Members;
  readonly model_info?: Members | null;
  readonly mode?: string | null;
}>({
  type: 'object',
  required: ['litellm_params'],
  properties: {
    litellm_params: { type: 'object', required: ['model'], properties: { model: id } },
    model_info: members,
    mode: { type: ['string', 'null'] },
  },
});

export interface HealthQuery {
  readonly model?: string;
  readonly model_id?: string;
}

export const readHealthQuery = queryReader<HealthQuery>({
  type: 'object',
  properties: { model: { type: 'string' }, model_id: { type: 'string' } },
});

export const readInfoQuery = queryReader<{ readonly litellm_model_id?: string }>({
  type: 'object',
  properties: { litellm_model_id: { type: 'string' } },
});

export const readGroupQuery = queryReader<{ readonly model_group?: string }>({
  type: 'object',
  properties: { model_group: { type: 'string' } },
});

export interface PageQuery {
  readonly model?: string;
  readonly modelId?: string;
  readonly teamId?: string;
  readonly search?: string;
  readonly page: number;
  readonly size: number;
  readonly sortBy?: 'model_name';
  readonly sortOrder: 'asc' | 'desc';
}

export const readPageQuery = queryReader<PageQuery>({
  type: 'object',
  properties: {
    model: { type: 'string' },
    modelId: { type: 'string' },
    teamId: { type: 'string' },
    search: { type: 'string' },
    page: { type: 'integer', minimum: 1, default: 1 },
    size: { type: 'integer', minimum: 1, maximum: 1000, default: 50 },
    sortBy: { enum: ['model_name'] },
    sortOrder: { enum: ['asc', 'desc'], default: 'asc' },
  },
});
