export { type Ansible, ensureAnsible } from './ansible.ts';
export { type BootableDisk, bootable } from './artefact/bootable.ts';
export { readInto } from './artefact/bytes.ts';
export type { ArtefactFacts, Format, SizeRule } from './artefact/format.ts';
export { growDisk } from './artefact/grow-disk.ts';
export { type Artefact, formatOf, makeArtefact, sizeFor, verifyArtefact } from './artefact/make-artefact.ts';
export { contentHash, readRaw } from './artefact/read-raw.ts';
export { readTar } from './artefact/read-tar.ts';
export { readVhd } from './artefact/read-vhd.ts';
export { type AptRoot, type AptRootOptions, openAptRoot, unpackPackage } from './base/apt-root.ts';
export { type Base, BaseUnavailable } from './base/base.ts';
export { chooseBase } from './base/choose.ts';
export { type Paragraph, parseDeb822 } from './base/deb822.ts';
export { hostMirrors, sourcesFor } from './base/host-mirrors.ts';
export { forward, freePort } from './boot/forward.ts';
export { Machine, type MachineOptions } from './boot/machine.ts';
export type { Firmware, Smbios } from './boot/machine-qemu.ts';
export { openWire } from './boot/open-wire.ts';
export { Hopeless, until } from './boot/until.ts';
export type { Addresses, Wire } from './boot/wire.ts';
export { type Bundle, bundlePrograms } from './bundle.ts';
export { cached, dropOthers } from './cache.ts';
export { runCommand, type Work } from './command.ts';
export { type Git, gitOf } from './commit.ts';
export { compressDisk } from './disk/assemble.ts';
export { putFiles } from './disk/put-files.ts';
export type { Driver, Play, SealedDisk } from './driver.ts';
export { type IsolatedMachine, startIsolated } from './driver-container/isolated.ts';
export { baseDisk } from './driver-vm/base-disk.ts';
export { vmDriver } from './driver-vm/driver.ts';
export { kvmWorks } from './driver-vm/kvm.ts';
export { endLeftover } from './driver-vm/leftover.ts';
export { Failure } from './failure.ts';
export { md5OfFile, sha256, sha256OfFile } from './hash.ts';
export { type HygieneRule, hygieneFaults, hygieneRules } from './hygiene.ts';
export { createLog, type Log, type Timing } from './log.ts';
export {
  type BuildManifest,
  type ImageFile,
  type InstalledPackage,
  installedPackages,
  installedParagraphs,
  type Manifest,
} from './manifest.ts';
export { imageName } from './output.ts';
export { ensurePacker } from './packer-program.ts';
export { places } from './places.ts';
export { programFailure, shellFor } from './shell.ts';
export { ensureTools, type ToolNeed } from './tools.ts';
