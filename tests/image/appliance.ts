import { X509Certificate } from 'node:crypto';
import { readFacts } from '../../appliance/index.ts';
import { type CredentialField, credentialField, credentialLabels } from '../../firstboot/index.ts';
import type { Addresses, Machine } from '../../packer/index.ts';
import type { Network } from '../harness/network.ts';
import { OutsideClient } from '../harness/outside.ts';

export const facts = readFacts();
const { paths } = facts;
/** Has AIDE record what the machine is like, which takes an emulated processor for minutes after first boot. */
export const RECORDING = 'litellm-aide-database.service';

type Credentials = Readonly<Record<CredentialField, string>>;

/** A machine whose first boot is complete, as its operator and its users know it. */
export class Appliance implements AsyncDisposable {
  readonly machine: Machine;
  readonly addresses: Addresses;
  readonly url: string;
  readonly credentials: Credentials;
  readonly #network: Network;
  #client: OutsideClient;

  private constructor(
    machine: Machine,
    network: Network,
    addresses: Addresses,
    certificate: string,
    credentials: Credentials,
  ) {
    this.machine = machine;
    this.addresses = addresses;
    this.#network = network;
    this.#client = new OutsideClient(network, certificate);
    this.url = `https://${addresses.ipv4}`;
    this.credentials = credentials;
  }

  /** Waits for the machine's first boot and gets to know what it made. */
  static async ready(machine: Machine, network: Network, addresses: Addresses): Promise<Appliance> {
    await machine.waitForFirstBoot();
    const certificate = await ownCertificate(machine);
    return new Appliance(machine, network, addresses, certificate, await readCredentials(machine));
  }

  /** Somebody outside, who trusts the certificate that the machine has made for itself. */
  get client(): OutsideClient {
    return this.#client;
  }

  /** Has the client trust the certificate that the machine has made since. */
  async trustItsNewCertificate(): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    this.#client = new OutsideClient(this.#network, await ownCertificate(this.machine));
  }

  /**
   * Takes all processors but the first from the machine until its next boot: of two that are emulated on a busy host, one spins
   * for a lock whose holder the host does not run.
   */
  async keepOneProcessor(): Promise<void> {
    await this.machine.succeed(
      'for each in /sys/devices/system/cpu/cpu[1-9]*/online; do echo 0 > "$each"; done; test "$(nproc)" = 1',
    );
  }

  /** What the credentials file says now. */
  readCredentials(): Promise<Credentials> {
    return readCredentials(this.machine);
  }

  /**
   * Has the machine's programs trust one more authority, in the file that they read. `update-ca-certificates`, which would
   * write it, starts a program for each of some 150 certificates: minutes, where the processor is emulated.
   */
  async trust(authorityPem: string): Promise<void> {
    await this.machine.succeed('cat >> /etc/ssl/certs/ca-certificates.crt', authorityPem);
  }

  /** Everything on this machine that no other machine may have, by name. */
  async identity(): Promise<Record<string, string>> {
    const { masterKey, saltKey, databasePassword, adminPassword, grubPassword } = this.credentials;
    const certificate = await ownCertificate(this.machine);
    const hostKeys = await this.machine.succeed('cat /etc/ssh/ssh_host_*_key.pub | cut -d" " -f1,2');
    const keys = hostKeys
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]);
    return {
      masterKey,
      saltKey,
      databasePassword,
      adminPassword,
      grubPassword,
      certificate: new X509Certificate(certificate).fingerprint256,
      machineId: (await this.machine.succeed('cat /etc/machine-id')).trim(),
      databaseSystem: await this.query('select system_identifier from pg_control_system()', 'postgres'),
      ...Object.fromEntries(keys),
    };
  }

  /** Asks the database on the machine, as its superuser by socket; returns what psql prints, unaligned. */
  async query(sql: string, database = facts.database): Promise<string> {
    const command = `cd / && sudo -u postgres psql -XAtq -v ON_ERROR_STOP=1 -d ${database}`;
    return (await this.machine.succeed(command, sql)).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

/** PEM of what nginx shows to whoever comes by the machine's address. */
function ownCertificate(machine: Machine): Promise<string> {
  return machine.succeed(`cat ${paths.tls}/cert.pem`);
}

/** What the credentials file of a machine says. */
export async function readCredentials(machine: Pick<Machine, 'succeed'>): Promise<Credentials> {
  const text = await machine.succeed(`cat ${paths.credentials}`);
  const fields = Object.keys(credentialLabels) as CredentialField[];
  return Object.fromEntries(
    fields.map((field) => [field, credentialField(text, field) ?? '']),
  ) as Credentials;
}
