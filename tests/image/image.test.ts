/**
 * The image, proven as virtual machines: one boots by BIOS outside any cloud, one by UEFI where firmware and metadata
 * service say Azure. What is claimed about them lies in the files beside this one, in the order of a machine's life.
 */
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { bootClaims } from './claims-boot.ts';
import { callClaims } from './claims-calls.ts';
import { cisClaims } from './claims-cis.ts';
import { credentialClaims } from './claims-credentials.ts';
import { databaseClaims } from './claims-database.ts';
import { loginClaims } from './claims-login.ts';
import { networkClaims } from './claims-network.ts';
import { rebootClaims } from './claims-reboot.ts';
import { sbomClaims } from './claims-sbom.ts';
import { secrecyClaims } from './claims-secrecy.ts';
import { uiClaims } from './claims-ui.ts';
import { verifyClaims } from './claims-verify.ts';
import { wallClaims } from './claims-walls.ts';
import { keepEvidence, World } from './world.ts';

let world: World;
const theWorld = (): World => world;

beforeAll(async () => {
  world = await World.create();
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});
beforeEach(() => keepEvidence(world.plain.machine, world.azure.machine));

describe('first boot', () => bootClaims(theWorld));
describe('credentials', () => credentialClaims(theWorld));
describe('checklist', () => verifyClaims(theWorld));
describe('login', () => loginClaims(theWorld));
describe('admin UI', () => uiClaims(theWorld));
describe('calls', () => callClaims(theWorld));
describe('network', () => networkClaims(theWorld));
describe('SBOM', () => sbomClaims(theWorld));
describe('database', () => databaseClaims(theWorld));
describe('CIS', () => cisClaims(theWorld));
describe('reboot', () => rebootClaims(theWorld));
describe('walls', () => wallClaims(theWorld));
describe('secrecy', () => secrecyClaims(theWorld));
