import type { Endpoint } from './metadata-http.ts';

/** Where every cloud that we know answers; what they have besides, each has for itself. */
export const USUAL_PLACE: Endpoint = { host: '169.254.169.254' };
