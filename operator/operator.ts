import type { Machine } from '../firstboot/index.ts';
import type { ProgramLines } from './program-lines.ts';

/** A certificate as clients of the edge see it. */
export interface ServedCertificate {
  readonly selfSigned: boolean;
  /** As in the certificate's subjectAltName. */
  readonly names: string;
  readonly issuer: string;
  /** Subjects of the certificates that come with it, the one that signed it first. */
  readonly chain: readonly string[];
  readonly validFrom: Date;
  readonly expiresAt: Date;
  readonly serialNumber: string;
  /** SHA-256, as browsers show it. */
  readonly fingerprint: string;
}

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** The machine as the operator's command uses it; the real one is made in host.ts. */
export interface Operator {
  readonly machine: Machine;
  /** Everything but the help needs root: files with secrets, units. */
  readonly isRoot: boolean;
  readonly nodeVersion: string;
  write(text: string): void;
  writeError(text: string): void;
  /** HTTP status of the gateway's readiness; throws when nothing answers. */
  readiness(): Promise<number>;
  /** What the edge shows to who asks for `name`, or comes by address. Throws when nothing answers on its TLS port. */
  servedCertificate(name?: string): Promise<ServedCertificate>;
  /** Addresses that a name leads to, as this machine sees it; none when nobody knows any. */
  lookUp(name: string): Promise<readonly string[]>;
  diskSpace(path: string): DiskSpace;
  pause(ms: number): Promise<void>;
  /** Address that this SSH session comes from; undefined at a console. */
  sshClientAddress(): string | undefined;
  /** An answer from the terminal; undefined where there is none to ask at. */
  ask(question: string): Promise<string | undefined>;
  /** One line from standard input; at a terminal asked for twice and not shown. */
  readSecret(prompt: string): Promise<string>;
  /** What a program prints, line by line, while it runs. */
  readonly lines: ProgramLines;
}

/** What the command ends with. */
export const exitCodes = { ok: 0, problem: 1, usage: 2, starting: 3 } as const;

/** The command cannot do what was asked; the message says why, the remedy what to do. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}
