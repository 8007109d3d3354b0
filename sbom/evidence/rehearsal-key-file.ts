import { places } from '../../packer/index.ts';

/** Where this checkout keeps its rehearsal key; never in the repository. */
export const rehearsalKeyFile = `${places.cache}/keys/rehearsal.pem`;
