/**
 * Where the clouds' metadata services answer, resolvers and clocks on such addresses included: they hand out user data
 * and the machine's own credentials to whoever asks from the machine.
 */
export const metadataHosts = [
  '169.254.169.254', // nearly all
  '168.63.129.16', // Azure
  '169.254.169.253', // AWS, resolver
  '169.254.169.123', // AWS, clock
  '169.254.42.42', // Scaleway
  '100.100.100.200', // Alibaba
  'fe80::a9fe:a9fe', // Hetzner, OpenStack
  'fd00:ec2::254', // AWS
  'fd00:ec2::253', // AWS, resolver
  'fd00:ec2::123', // AWS, clock
  'fd20:ce::254', // Google
  'fd00:c1::a9fe:a9fe', // Oracle
  'fd00:42::42', // Scaleway
  'fd00:a9fe:a9fe::1', // Akamai
] as const;

/** Addresses that never leave a machine's own link, where most of those services are. */
export const linkLocalRanges = ['169.254.0.0/16', 'fe80::/10'] as const;
