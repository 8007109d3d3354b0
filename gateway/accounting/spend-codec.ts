import { SILENT } from '../caller.ts';
import type { Codec } from './journal/entry.ts';
import { bare, type Charge, type SpendRecord } from './spend.ts';

/** What is longer, by its content, a provider's error or its usage object, is kept without what others have put into it. */
const MOST_CHARACTERS = 256 * 1024;

/** Charges that one after the other come out of leases of one process for one amount, as nearly always all of a call do. */
type Charged = readonly [processId: string, leased: string, scopes: string[]];
/** A charge as journals of the first version have it. */
type SingleCharge = readonly [scope: string, processId: string, leased: string];

function groupsOf(charges: readonly Charge[]): Charged[] {
  const groups: Charged[] = [];
  let last: Charge | undefined;
  for (const charge of charges) {
    const { scope, processId, leased } = charge;
    if (last?.processId === processId && last.leased === leased) groups.at(-1)?.[2].push(scope);
    else groups.push([processId, String(leased), [scope]]);
    last = charge;
  }
  return groups;
}

function chargesOf(groups: readonly (Charged | SingleCharge)[]): Charge[] {
  return groups.flatMap(([one, other, rest]) => {
    if (typeof rest === 'string') return [{ scope: one, processId: other, leased: BigInt(rest) }];
    return rest.map((scope) => ({ scope, processId: one, leased: BigInt(other) }));
  });
}

/**
 * The members of a record in the order of `decode`, without their names: that is little more than half of the bytes, and
 * two thirds of the time. A member that is added later goes behind the others, since journals outlive upgrades.
 */
function listText(call: SpendRecord): string {
  const list: unknown[] = [
    call.rowId,
    call.requestId,
    call.callId,
    call.callType,
    call.apiKey,
    call.keyAlias,
    call.userId,
    call.teamId,
    call.endUser,
    // JSON has no number for it.
    String(call.spend),
    call.promptTokens,
    call.completionTokens,
    call.totalTokens,
    call.estimated,
    call.usage,
    call.startTime,
    call.completionStartTime,
    call.endTime,
    call.model,
    call.modelId,
    call.modelGroup,
    call.provider,
    call.apiBase,
    call.requesterIp,
    call.status,
    call.error,
    groupsOf(call.charges),
    call.organizationId,
    call.agentId,
    call.caller,
    call.logged,
  ];
  const renamed = call.modelNames.length > 1;
  if (call.content !== null || renamed) list.push(call.content);
  if (renamed) list.push(call.modelNames);
  return JSON.stringify(list);
}

/** Null when it does not fit. */
function fittingText(call: SpendRecord): string | null {
  try {
    const text = listText(call);
    return text.length <= MOST_CHARACTERS ? text : null;
  } catch {
    // A usage object that is nested too deep to be written down.
    return null;
  }
}

function shorterText(call: SpendRecord): string {
  const silent = call.content === null ? null : fittingText({ ...call, content: null });
  return silent ?? listText(bare(call));
}

const encode = (call: SpendRecord): string => fittingText(call) ?? shorterText(call);

/** Spend records as the journal keeps them. */
export const spendCodec: Codec<SpendRecord> = {
  encode,
  decode(text) {
    const list = JSON.parse(text);
    return {
      rowId: list[0],
      requestId: list[1],
      callId: list[2],
      callType: list[3],
      apiKey: list[4],
      keyAlias: list[5],
      userId: list[6],
      teamId: list[7],
      endUser: list[8],
      spend: BigInt(list[9]),
      promptTokens: list[10],
      completionTokens: list[11],
      totalTokens: list[12],
      estimated: list[13],
      usage: list[14],
      startTime: list[15],
      completionStartTime: list[16],
      endTime: list[17],
      model: list[18],
      modelId: list[19],
      modelGroup: list[20],
      provider: list[21],
      apiBase: list[22],
      requesterIp: list[23],
      status: list[24],
      error: list[25],
      charges: chargesOf(list[26]),
      organizationId: list[27] ?? null,
      agentId: list[28] ?? null,
      caller: list[29] ?? SILENT,
      logged: list[30] ?? true,
      content: list[31] ?? null,
      modelNames: list[32] ?? [list[20]],
    };
  },
};
