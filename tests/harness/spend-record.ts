import { randomUUID } from 'node:crypto';
import { PICO_PER_USD, SILENT, type SpendRecord } from '../../gateway/index.ts';

/** When the call of `spendRecord` began, in epoch milliseconds. */
export const START = Date.UTC(2026, 10, 21, 12, 0, 0, 123);

/** A finished call as the store takes it: answered, one and a half seconds long, a quarter of a dollar. */
export function spendRecord(overrides: Partial<SpendRecord> = {}): SpendRecord {
  return {
    rowId: randomUUID(),
    requestId: 'chatcmpl-1',
    callId: 'call-1',
    callType: 'acompletion',
    apiKey: 'litellm_proxy_master_key',
    keyAlias: null,
    userId: 'ada',
    teamId: null,
    organizationId: null,
    agentId: null,
    endUser: null,
    spend: PICO_PER_USD / 4n,
    charges: [],
    promptTokens: 7,
    completionTokens: 5,
    totalTokens: 12,
    estimated: false,
    usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
    startTime: START,
    completionStartTime: START + 40,
    endTime: START + 1500,
    model: 'gpt-test-2026',
    modelId: 'deployment-1',
    modelGroup: 'gpt-test',
    modelNames: [overrides.modelGroup ?? 'gpt-test'],
    provider: 'openai',
    apiBase: 'https://provider.example/v1',
    requesterIp: '192.0.2.7',
    caller: SILENT,
    logged: true,
    status: 'success',
    error: null,
    content: null,
    ...overrides,
  };
}
