import type { Dialect } from '../trouble.ts';

interface AwsError {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** How the libraries for AWS, and for what speaks like it, tell of an error. */
export function readAwsError(error: unknown): ReturnType<Dialect['read']> {
  const { $metadata, $response } = error as AwsError;
  return { status: $metadata?.httpStatusCode, retryAfter: $response?.headers?.['retry-after'] };
}

/** Error codes of EC2, EBS and S3 that all who speak like AWS share. */
export const awsCodes = {
  credentials: [
    'AuthFailure',
    'CredentialsProviderError',
    'ExpiredToken',
    'ExpiredTokenException',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'RequestExpired',
    'SignatureDoesNotMatch',
    'TokenProviderError',
    'UnrecognizedClientException',
  ],
  busy: [
    'InternalServerException',
    'RequestLimitExceeded',
    'RequestThrottledException',
    'ServiceUnavailable',
    'SlowDown',
    'Throttling',
    'ThrottlingException',
    'Unavailable',
  ],
} as const;

export const awsDialect: Dialect = {
  cloud: 'AWS',
  read: readAwsError,
  credentials: new Set(awsCodes.credentials),
  busy: new Set(awsCodes.busy),
  signIn:
    "sign in with 'aws sso login', or set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew",
  rights:
    'the actions ebs:StartSnapshot, ebs:PutSnapshotBlock, ebs:CompleteSnapshot, ebs:ListSnapshotBlocks, ebs:GetSnapshotBlock, ' +
    'ec2:DescribeImages, ec2:DescribeSnapshots, ec2:GetEbsEncryptionByDefault, ec2:RegisterImage and ec2:CreateTags',
};
