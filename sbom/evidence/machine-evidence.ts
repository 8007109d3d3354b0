import { mkdirSync, writeFileSync } from 'node:fs';
import { $, quote } from 'zx';
import type { ProductFacts, RunProgram } from '../../appliance/index.ts';
import type { Work } from '../../packer/index.ts';
import { exposureFaults, exposureTable } from '../../systemd/index.ts';
import type { CheckResult } from '../check-result.ts';
import type { RootShell } from '../cis/root-shell.ts';
import { ensureLynis } from '../lynis/ensure-lynis.ts';
import { lynisCheck } from '../lynis/lynis-check.ts';
import { lynisReport } from '../lynis/lynis-report.ts';
import { readOpenPorts } from './open-ports.ts';
import { type DocumentName, documents } from './pieces.ts';
import { withArchive } from './with-archive.ts';

/** What a running machine told about itself: results, and the files that tell more. */
export interface MachineEvidence {
  readonly checks: readonly CheckResult[];
  readonly documents: Readonly<Partial<Record<DocumentName, string>>>;
}

/** In what the image ran when it was looked at. */
export type RanIn = 'container' | 'vm';

export interface MachineToAsk {
  readonly machine: RootShell;
  readonly ranIn: RanIn;
  readonly facts: ProductFacts;
  /** Directory for the files. */
  readonly output: string;
  /** Gives a directory with Lynis as it runs from anywhere. */
  readonly lynis?: typeof ensureLynis;
}

/** Said with every result, since not every machine can tell the truth about all of it. */
const PLACES: Readonly<Record<RanIn, string>> = {
  container:
    "in a container: no network card, the build host's kernel; units of cloud-init and networking did not run",
  vm: 'in the booted virtual machine',
};

/** Not below /tmp or /run: nothing may be run from there. */
const LYNIS_IN_MACHINE = '/opt/lynis-judge';
/** Lynis takes a minute on a processor, and many where one is emulated beside other work. */
const LYNIS_MS = 180 * 60_000;
const ROW_MS = 30 * 60_000;

interface Finding {
  readonly check: CheckResult;
  /** What to keep of it; a look that did not come to its end has nothing. */
  readonly text?: string;
}

/**
 * Asks a machine whose first boot is complete for what only a running one can tell: what listens, how far its services
 * are closed, and what Lynis thinks. A question that could not be put is a check that has not run. Lynis is shown to
 * the machine and taken away again; the machine's disk must be one that is thrown away.
 */
export async function machineEvidence(asked: MachineToAsk, { log, signal }: Work): Promise<MachineEvidence> {
  const looks = { openPorts, exposure, lynis } as const;
  mkdirSync(asked.output, { recursive: true });
  const checks: CheckResult[] = [];
  const files: Partial<Record<DocumentName, string>> = {};
  for (const name of Object.keys(looks) as (keyof typeof looks)[]) {
    signal.throwIfAborted();
    const id = documents[name].check;
    const { check, text } = await log.step(`ask the machine: ${id}`, () =>
      answered(id, () => looks[name](asked)),
    );
    const detail = `${check.detail}; looked at ${PLACES[asked.ranIn]}`;
    log.note(`${id}: ${check.status}: ${check.detail.split('\n', 1)[0]}`);
    checks.push({ ...check, detail });
    if (text === undefined) continue;
    files[name] = `${asked.output}/${documents[name].file}`;
    writeFileSync(files[name], text);
  }
  return { checks, documents: files };
}

async function answered(id: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const at = new Date().toISOString();
    return { check: { id, status: 'not-run', detail: (error as Error).message, at } };
  }
}

async function openPorts({ machine, facts: { ports } }: MachineToAsk): Promise<Finding> {
  const allowed = [ports.ssh, ports.http, ports.https];
  const { json, check } = await readOpenPorts(machine, allowed, new Date());
  if (check.status === 'not-run') return { check };
  const found = (JSON.parse(json) as { readonly port: number }[]).map(({ port }) => port);
  const absent = [ports.gateway, ports.postgresql].filter((port) => !found.includes(port));
  if (absent.length > 0) throw new Error(`the machine is not whole: nothing listens on ${absent.join(', ')}`);
  return { check, text: json };
}

async function exposure({ machine }: MachineToAsk): Promise<Finding> {
  const run: RunProgram = async (program, args) => {
    const { code, stdout, stderr } = await machine.run([program, ...args].map(quote).join(' '), '', ROW_MS);
    return { exitCode: code ?? -1, stdout, stderr };
  };
  const rows = await exposureTable(run);
  const faults = exposureFaults(rows).map(
    ({ unit, exposure: is, limit }) => `${unit}: ${is} instead of ${limit}`,
  );
  const promised = rows.filter(({ limit }) => limit !== undefined);
  const [worst] = promised;
  if (worst === undefined) throw new Error('systemd lists no service for which anything is promised');
  const detail =
    faults.length > 0
      ? `more exposed than promised: ${faults.join(', ')}`
      : `${rows.length} services, ${promised.length} with a limit; the most exposed of these is ${worst.unit} with ${worst.exposure}`;
  return {
    check: {
      id: documents.exposure.check,
      status: faults.length === 0 ? 'passed' : 'failed',
      detail,
      at: new Date().toISOString(),
    },
    text: `${JSON.stringify(rows, null, 2)}\n`,
  };
}

async function lynis({ machine, lynis = ensureLynis }: MachineToAsk): Promise<Finding> {
  const packed = await $({
    quiet: true,
  })`tar -C ${await lynis()} --owner=0 --group=0 -cz . | base64 -w 0`;
  const shown = { archive: Buffer.from(packed.stdout, 'base64'), place: LYNIS_IN_MACHINE };
  const run = async (command: string) => (await machine.run(command, '', LYNIS_MS)).stdout;
  const report = await withArchive(machine, shown, () => lynisReport(run, LYNIS_IN_MACHINE));
  return { check: lynisCheck(report, new Date()), text: report.text };
}
