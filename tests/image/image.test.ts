/**
 * The image, proven as virtual machines: one made for no cloud boots by BIOS where firmware and metadata service say AWS,
 * one made for Azure by UEFI where they say that. What is claimed about them lies in the files beside this one, in the
 * order of a machine's life. The claims of one machine are made in turn, beside those of the other, also over a reboot: an
 * emulated machine keeps one processor busy.
 */
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { bootClaims } from './claims-boot.ts';
import { callClaims, callsTooEarlyClaims } from './claims-calls.ts';
import { captureClaims, plantedClaims } from './claims-capture.ts';
import { certificateAfterReboot, certificateClaims } from './claims-certificate.ts';
import { cisClaims } from './claims-cis.ts';
import { credentialClaims, identityClaims } from './claims-credentials.ts';
import { databaseClaims } from './claims-database.ts';
import { docsClaims } from './claims-docs.ts';
import { firewallClaims } from './claims-firewall.ts';
import { integrityClaims } from './claims-integrity.ts';
import { loginClaims } from './claims-login.ts';
import { networkClaims } from './claims-network.ts';
import { promiseClaims } from './claims-promises.ts';
import { quickStartClaims } from './claims-quickstart.ts';
import { rebootClaims } from './claims-reboot.ts';
import { sbomClaims } from './claims-sbom.ts';
import { errorClaims, secrecyClaims } from './claims-secrecy.ts';
import { uiClaims } from './claims-ui.ts';
import { verifyClaims } from './claims-verify.ts';
import { allowedClaims, apparmorClaims, sandboxClaims } from './claims-walls.ts';
import { keepEvidence, World } from './world.ts';

let world: World;
const theWorld = (): World => world;

const beside = { concurrent: true };
const inTurn = { concurrent: false };

beforeAll(async () => {
  world = await World.create();
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});
beforeEach((test) => keepEvidence(test, ...world.machines));

describe('the plain machine', beside, () => {
  describe('come up', inTurn, () => {
    beforeAll(() => world.comeUp('plain'));
    describe('first boot', () => bootClaims(theWorld, 'plain'));
    describe('credentials', () => credentialClaims(theWorld, 'plain'));
    describe('login', () => loginClaims(theWorld));
    describe('calls too early', () => callsTooEarlyClaims(theWorld));
    describe('quick start', () => quickStartClaims(theWorld));
    // The quick start is for the size that the listing promises; what follows is about no size.
    describe('with one processor', () => {
      beforeAll(() => world.plain.keepOneProcessor());
      describe('admin UI', () => uiClaims(theWorld));
      describe('calls', () => callClaims(theWorld));
      describe('capture', () => {
        captureClaims(theWorld, 'plain');
        plantedClaims(theWorld);
      });
      describe('certificates', () => certificateClaims(theWorld));
      describe('and its twin', () => {
        beforeAll(() => world.comeUp('azure'));
        describe('identity', () => identityClaims(theWorld));
        describe('checklist', () => verifyClaims(theWorld));
      });
    });
  });
  describe('rebooted', inTurn, () => {
    describe('reboot', () => rebootClaims(theWorld, 'plain'));
    describe('with one processor', () => {
      beforeAll(() => world.plain.keepOneProcessor());
      describe('walls', () => {
        allowedClaims(theWorld, 'plain');
        describe('AppArmor', () => apparmorClaims(theWorld));
      });
      describe('certificates', () => certificateAfterReboot(theWorld));
      describe('integrity', () => integrityClaims(theWorld));
      describe('secrecy', () => {
        secrecyClaims(theWorld, 'plain');
        errorClaims(theWorld);
      });
    });
  });
});
describe('the azure machine', beside, () => {
  describe('come up', inTurn, () => {
    beforeAll(() => world.comeUp('azure'));
    describe('first boot', () => bootClaims(theWorld, 'azure'));
    describe('credentials', () => credentialClaims(theWorld, 'azure'));
    describe('CIS', () => cisClaims(theWorld));
    describe('capture', () => captureClaims(theWorld, 'azure'));
    describe('network', () => networkClaims(theWorld));
    describe('sandboxes', () => sandboxClaims(theWorld));
    describe('promises', () => promiseClaims(theWorld, 'azure'));
    describe('SBOM', () => sbomClaims(theWorld));
    describe('database', () => databaseClaims(theWorld));
    describe('docs', () => docsClaims(theWorld));
  });
  describe('used', inTurn, () => {
    // What a boot keeps, the other machine proves each time.
    if (process.env.SOAK === '1') describe('rebooted', () => rebootClaims(theWorld, 'azure'));
    describe('walls', () => {
      allowedClaims(theWorld, 'azure');
      describe('the firewall', () => firewallClaims(theWorld));
    });
    describe('secrecy', () => secrecyClaims(theWorld, 'azure'));
  });
});
