import { RestError } from '@azure/storage-blob';
import type { Dialect } from '../trouble.ts';

/** Azure's error codes, of Storage, Resource Manager and the identity library. */
export const azureDialect: Dialect = {
  cloud: 'Azure',
  read: (error) =>
    error instanceof RestError
      ? { status: error.statusCode, retryAfter: error.response?.headers.get('retry-after') }
      : { status: (error as { statusCode?: number }).statusCode },
  credentials: new Set([
    'AuthenticationFailed',
    'AuthenticationRequiredError',
    'AuthenticationError',
    'AggregateAuthenticationError',
    'CredentialUnavailableError',
    'ExpiredAuthenticationToken',
    'InvalidAuthenticationInfo',
    'InvalidAuthenticationToken',
    'InvalidAuthenticationTokenTenant',
    'NoAuthenticationInformation',
  ]),
  busy: new Set(['ServerBusy', 'OperationTimedOut', 'TooManyRequests', 'AccountIsBusy']),
  signIn: "sign in with 'az login', or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
  rights:
    "the roles 'Storage Blob Data Contributor' on the storage account and 'Contributor' on the resource group of the gallery",
};

/** The answer, or undefined where Azure says that there is no such thing. */
export async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
