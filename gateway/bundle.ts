import { fileURLToPath } from 'node:url';

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** What the image takes from this room: the entry points to bundle, and the configuration that is shipped. */
export const gatewayBundle = {
  main: path('./main.ts'),
  migrate: path('./migrate.ts'),
  defaultConfig: path('./config/default-config.yaml'),
} as const;
