import { type BuildManifest, sha256 } from '../../packer/index.ts';
import { type SigningKey, signatureOf } from './signing-key.ts';

/** Names the ways in which an image is built; a new number when the parameters change their meaning. */
const BUILD_TYPES = {
  here: 'urn:litellm-appliance:make-image:1',
  inCloud: 'urn:litellm-appliance:marketplace-build:1',
} as const;
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

interface Resource {
  readonly name: string;
  readonly uri?: string;
  readonly digest: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/** A file that stands for an image: itself, or the signed list inside it where a cloud keeps the image. */
export interface Subject {
  readonly file: string;
  readonly sha256: string;
}

/** The in-toto statement with SLSA provenance (v1): this image came from these inputs. */
export function provenance(manifest: BuildManifest, subject: Subject): object {
  const { name, version, base, target, driver, commit, createdAt, image, inputs } = manifest;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: subject.file, digest: { sha256: subject.sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: image === undefined ? BUILD_TYPES.inCloud : BUILD_TYPES.here,
        externalParameters: { name, version, base, target },
        internalParameters: { driver, tools: inputs.tools, rehearsal: manifest.rehearsal },
        resolvedDependencies: dependencies(commit, inputs),
      },
      runDetails: {
        builder: { id: 'urn:litellm-appliance:builder:local' },
        metadata: { invocationId: `${commit}/${createdAt}`, finishedOn: createdAt },
      },
    },
  };
}

function dependencies(commit: string, inputs: BuildManifest['inputs']): Resource[] {
  const { base, payload, roles, playbook, template, packageLock } = inputs;
  const { url, sha256: imageHash } = base.origin;
  const isHash = typeof imageHash === 'string' && /^[0-9a-f]{64}$/.test(imageHash);
  return [
    { name: 'source', digest: { gitCommit: commit } },
    {
      name: `base ${base.id}`,
      ...(typeof url === 'string' ? { uri: url } : {}),
      digest: { sha256: isHash ? imageHash : sha256(JSON.stringify(base.origin)) },
      annotations: base.origin,
    },
    ...Object.entries({ payload, roles, playbook, template, packageLock }).map(([name, hash]) => ({
      name,
      digest: { sha256: hash },
    })),
  ];
}

/** A DSSE envelope: what in-toto statements travel in, and what `cosign verify-blob-attestation` takes. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

export function envelope(statement: object, key: SigningKey): Envelope {
  const payload = Buffer.from(JSON.stringify(statement));
  return {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: '', sig: signatureOf(key, preAuthentication(payload)) }],
  };
}

/** What a DSSE signature is made over: type and payload with their lengths, so that neither can be taken for the other. */
export function preAuthentication(payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `),
    payload,
  ]);
}
