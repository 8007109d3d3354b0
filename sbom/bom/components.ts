import { Enums, Models } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import type { Content } from './content.ts';
import type { Licence } from './licence.ts';
import type { NpmPackage, Tool } from './npm-packages.ts';
import type { Distribution, OsPackage } from './os-packages.ts';
import type { OwnFile } from './own-files.ts';

/** The property that says where on the machine a component with a hash lies. */
export const PATH_PROPERTY = 'appliance:path';

const OUR_LICENCE = 'Apache-2.0';
const NODE_LICENCE = 'MIT';

/** The distribution itself. */
export function distributionComponent({ id, version, title }: Distribution): Models.Component {
  return new Models.Component(Enums.ComponentType.OperatingSystem, id, {
    bomRef: `${id}-${version}`,
    version,
    description: title,
  });
}

/** A Debian package, with its source: scanners look advisories up by that. */
export function debComponent(deb: OsPackage, distribution: Distribution): Models.Component {
  const { name, version, architecture, source } = deb;
  const { epoch, upstream, revision } = partsOf(source.version);
  const purl = new PackageURL('deb', distribution.id, name, version, {
    arch: architecture,
    distro: `${distribution.id}-${distribution.version}`,
    ...upstreamOf(deb),
  }).toString();
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: purl,
    purl,
    version,
    description: deb.summary,
    supplier: new Models.OrganizationalEntity({ name: deb.maintainer }),
    licenses: licences(deb.licences),
    externalReferences: references(
      deb.homepage === undefined ? [] : [{ type: Enums.ExternalReferenceType.Website, url: deb.homepage }],
    ),
    properties: properties({
      'aquasecurity:trivy:SrcName': source.name,
      'aquasecurity:trivy:SrcVersion': upstream,
      'aquasecurity:trivy:SrcRelease': revision,
      'aquasecurity:trivy:SrcEpoch': epoch,
    }),
  });
}

/** The `upstream` qualifier of a package whose source has another name or version. */
function upstreamOf({ name, version, source }: OsPackage): { upstream?: string } {
  if (source.version !== version) return { upstream: `${source.name}@${source.version}` };
  return source.name === name ? {} : { upstream: source.name };
}

/** The parts of a Debian version: `epoch:upstream-revision`. */
export function partsOf(version: string): { epoch?: string; upstream: string; revision?: string } {
  const [, epoch, upstream = '', revision] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? [];
  return {
    upstream,
    ...(epoch === undefined ? {} : { epoch }),
    ...(revision === undefined ? {} : { revision }),
  };
}

/** An npm package in a bundle. */
export function npmComponent(found: NpmPackage): Models.Component {
  const { name, version, purl, group, author, description } = found;
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: found.path,
    version,
    purl,
    ...(group === undefined ? {} : { group }),
    ...(author === undefined ? {} : { author }),
    ...(description === undefined ? {} : { description }),
    licenses: licences(found.licences),
    externalReferences: references(found.references),
  });
}

/** A file of ours: the Node runtime, a program, or anything else that the image gets from here. */
export function ownComponent({ path, sha256 }: OwnFile, content: Content): Models.Component {
  const { facts, node, bundles } = content;
  const common = {
    bomRef: `file:${path}`,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], sha256]]),
    properties: properties({ [PATH_PROPERTY]: path }),
  };
  if (path === node.path)
    return new Models.Component(Enums.ComponentType.Platform, 'node', {
      ...common,
      version: node.version,
      purl: new PackageURL('generic', undefined, 'node', node.version).toString(),
      cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:lts:*:*:*`,
      description: 'Node.js, the runtime of the programs',
      licenses: licences([{ id: NODE_LICENCE }]),
    });
  const isProgram = bundles.has(path);
  return new Models.Component(isProgram ? Enums.ComponentType.Application : Enums.ComponentType.File, path, {
    ...common,
    version: facts.version,
    supplier: new Models.OrganizationalEntity({ name: facts.vendor.name }),
    licenses: licences([{ id: OUR_LICENCE }]),
  });
}

/** A program that took part in making the document. */
export function toolComponent({ group, name, version }: Tool): Models.Component {
  return new Models.Component(Enums.ComponentType.Application, name, {
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
  });
}

function licences(found: readonly Licence[]): Models.LicenseRepository {
  return new Models.LicenseRepository(found.map(licence));
}

function licence(found: Licence): Models.License {
  const acknowledgement = Enums.LicenseAcknowledgement.Declared;
  if ('id' in found) return new Models.SpdxLicense(found.id, { acknowledgement });
  if ('name' in found) return new Models.NamedLicense(found.name, { acknowledgement });
  const expression = new Models.LicenseExpression(found.expression);
  expression.acknowledgement = acknowledgement;
  return expression;
}

function references(
  found: readonly { readonly type: string; readonly url: string }[],
): Models.ExternalReferenceRepository {
  return new Models.ExternalReferenceRepository(
    found.map(({ type, url }) => new Models.ExternalReference(url, type as Enums.ExternalReferenceType)),
  );
}

function properties(values: Readonly<Record<string, string | undefined>>): Models.PropertyRepository {
  return new Models.PropertyRepository(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [new Models.Property(name, value)],
    ),
  );
}
