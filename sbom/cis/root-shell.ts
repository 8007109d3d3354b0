/** What a command did in the machine. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs shell command lines as root in a machine that is judged; `input` goes to their standard input. */
export interface RootShell {
  run(command: string, input?: string, deadlineMs?: number): Promise<Outcome>;
}
