import { GatewayError } from '../../http/errors.ts';
import type { Identity } from '../../identity/identity.ts';

/** What a listing is asked to show; null where nothing was asked. */
export interface ListingTarget {
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
}

/** Whether `who` may see a key: an admin every key, others their own key and their user's. */
export function maySeeKey(who: Identity, key: { token: string; user_id: string | null }): boolean {
  if (who.role === 'proxy_admin' || who.keyHash === key.token) return true;
  return who.userId !== null && who.userId === key.user_id;
}

/** Narrows a listing to what `who` may see. Throws GatewayError forbidden when another's keys were asked for. */
export function listingScope(
  who: Identity,
  target: ListingTarget,
): { userId: string | null; keyHash: string | null } {
  if (who.role === 'proxy_admin') return { userId: target.userId, keyHash: null };
  const others = target.userId !== null && target.userId !== who.userId;
  if (others || target.teamId !== null || target.organizationId !== null) {
    throw new GatewayError('forbidden', 'This key may list only its own user\u2019s keys', {
      type: 'bad_request_error',
      param: null,
    });
  }
  return who.userId === null ? { userId: null, keyHash: who.keyHash } : { userId: who.userId, keyHash: null };
}
