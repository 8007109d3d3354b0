import type { OpenCloud } from './cloud.ts';

/** How each target's cloud is opened. Its libraries are read only then: those of one cloud need not be there for another. */
export const clouds: Readonly<Record<string, () => Promise<OpenCloud>>> = {
  azure: async () => (await import('./azure/azure.ts')).openAzure,
  aws: async () => (await import('./aws/aws.ts')).openAws,
  gcp: async () => (await import('./google/google.ts')).openGoogle,
  digitalocean: async () => (await import('./digitalocean/digitalocean.ts')).openDigitalOcean,
};
