import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The command line asks for something that does not exist. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const flag = { type: 'boolean', default: false } as const;
export const help = { type: 'boolean', short: 'h', default: false } as const;

/** node:util's parseArgs, with what is wrong as a UsageError. */
export function parsed<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
