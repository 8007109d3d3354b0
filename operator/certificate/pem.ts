import { X509Certificate } from 'node:crypto';
import { type FileSystem, readTextIfAny } from '../../appliance/index.ts';
import { OperatorError } from '../operator.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A file that the operator has named. Throws OperatorError when it is not there. */
export function givenText(fs: FileSystem, path: string): string {
  const text = readTextIfAny(fs, path);
  if (text === undefined) throw new OperatorError(`${path} does not exist`, 'name the file that holds it');
  return text;
}

/** The certificates in a text, each as it stands there. */
export function certificateBlocks(text: string): readonly string[] {
  return text.match(CERTIFICATE) ?? [];
}

/** The certificates of a PEM file, in its order. Throws OperatorError for a file that holds none, or a broken one. */
export function certificatesIn(text: string, path: string): X509Certificate[] {
  const found = certificateBlocks(text);
  if (found.length === 0) {
    throw new OperatorError(
      `${path} holds no certificate in PEM`,
      `from DER: openssl x509 -inform der -in ${path} -out cert.pem; from PKCS#12: openssl pkcs12 -nokeys -in ${path} -out cert.pem`,
    );
  }
  return found.map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      throw new OperatorError(
        `${path}: certificate ${index + 1} cannot be read: ${(cause as Error).message}`,
        'have the authority send it again',
        { cause },
      );
    }
  });
}
