import { fileURLToPath } from 'node:url';

/** Directories of this repository; absolute, without a slash at the end. */
export const places = {
  root: fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, ''),
  /** What can be made again from its inputs, kept between runs. */
  cache: fileURLToPath(new URL('../.cache', import.meta.url)),
  /** What people take away. */
  build: fileURLToPath(new URL('../build', import.meta.url)),
  ansible: fileURLToPath(new URL('../ansible', import.meta.url)),
  packer: fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, ''),
} as const;
