import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { sha256 } from '../../packer/index.ts';
import {
  debComponent,
  distributionComponent,
  npmComponent,
  ownComponent,
  toolComponent,
} from './components.ts';
import type { Content } from './content.ts';

const serializer = new Serialize.JsonSerializer(
  new Serialize.JSON.Normalize.Factory(Spec.SpecVersionDict[Spec.Version.v1dot6] as typeof Spec.Spec1dot6),
);

/** The CycloneDX 1.6 document of an image. The same content gives the same bytes, serial number included. */
export function documentOf(content: Content): string {
  const bom = new Models.Bom({ metadata: metadataOf(content) });
  addComponents(bom, content);
  bom.serialNumber = serialNumberFor(serialize(bom));
  return serialize(bom);
}

function serialize(bom: Models.Bom): string {
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** A UUID of version 8, the one that is the maker's own: here a digest of everything else in the document. */
function serialNumberFor(text: string): string {
  const hex = sha256(text);
  const variant = ((Number.parseInt(hex[16] as string, 16) & 0x3) | 0x8).toString(16);
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return `urn:uuid:${groups.join('-')}`;
}

function metadataOf({ facts, tools, time }: Content): Models.Metadata {
  const supplier = new Models.OrganizationalEntity({ name: facts.vendor.name });
  const image = new Models.Component(Enums.ComponentType.Application, facts.name, {
    bomRef: `${facts.name}@${facts.version}`,
    version: facts.version,
    description: `Virtual machine image of ${facts.base} for ${facts.target}`,
    supplier,
    properties: new Models.PropertyRepository([
      new Models.Property('appliance:base', facts.base),
      new Models.Property('appliance:target', facts.target),
      new Models.Property('appliance:commit', facts.commit),
    ]),
  });
  return new Models.Metadata({
    component: image,
    supplier,
    tools: new Models.Tools({ components: new Models.ComponentRepository(tools.map(toolComponent)) }),
    ...(time === undefined ? {} : { timestamp: time }),
  });
}

/** All components, flat, and who needs whom: the image all that lies in it, a program the packages bundled in it. */
function addComponents(bom: Models.Bom, content: Content): void {
  const { distribution, node, bundles } = content;
  const os = distributionComponent(distribution);
  const debs = content.osPackages.map((deb) => debComponent(deb, distribution));
  const files = new Map(content.files.map((file) => [file.path, ownComponent(file, content)]));
  const npm = new Map(content.npmPackages.map((found) => [found.path, npmComponent(found)]));
  const depend = (
    component: Models.Component | undefined,
    on: Iterable<Models.Component | undefined>,
  ): void => {
    for (const { bomRef } of [...on].filter((other) => other !== undefined))
      component?.dependencies.add(bomRef);
  };
  depend(bom.metadata.component, [os, ...files.values()]);
  depend(os, debs);
  for (const [path, packages] of bundles)
    depend(files.get(path), [files.get(node.path), ...packages.map((name) => npm.get(name))]);
  for (const { path, dependsOn } of content.npmPackages)
    depend(
      npm.get(path),
      dependsOn.map((name) => npm.get(name)),
    );
  for (const component of [os, ...debs, ...files.values(), ...npm.values()]) bom.components.add(component);
}
