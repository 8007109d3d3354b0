import { ComputeManagementClient } from '@azure/arm-compute';
import { DefaultAzureCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import type { Cloud, Context, Publication } from '../cloud.ts';
import { readSettings } from '../settings.ts';
import { azureDialect } from './dialect.ts';
import { GalleryImageOf, generations } from './gallery.ts';
import { blobNameOf, uploadVhd } from './page-blob.ts';

const wanted = {
  subscription: ['AZURE_SUBSCRIPTION_ID', 'the subscription of the gallery'],
  resourceGroup: ['AZURE_RESOURCE_GROUP', 'the resource group of gallery and storage account'],
  account: ['AZURE_STORAGE_ACCOUNT', 'the storage account that the VHD goes to'],
  gallery: ['AZURE_GALLERY', 'the compute gallery'],
  location: ['AZURE_LOCATION', 'the region of both, such as westeurope'],
} as const;

/** Azure: a fixed VHD as a page blob, and from it one image version for each generation in a compute gallery. */
export function openAzure(environment: NodeJS.ProcessEnv, dry: boolean): Cloud {
  const settings = readSettings(environment, wanted, dry);
  const container = environment.AZURE_STORAGE_CONTAINER || 'images';
  const blobEndpoint = environment.AZURE_BLOB_ENDPOINT || `https://${settings.account}.blob.core.windows.net`;
  const managementEndpoint = environment.AZURE_RESOURCE_MANAGER_ENDPOINT || 'https://management.azure.com';

  async function publish(context: Context): Promise<Publication> {
    const credential = new DefaultAzureCredential();
    const compute = new ComputeManagementClient(credential, settings.subscription, {
      endpoint: managementEndpoint,
      retryOptions: { maxRetries: 0 },
    });
    const images = generations.map(
      (generation) => new GalleryImageOf(compute, settings, context, generation),
    );
    const found = await Promise.all(images.map((image) => image.version()));
    const already = found.every((version) => version?.provisioningState === 'Succeeded');
    const storage = new BlobServiceClient(blobEndpoint, credential, { retryOptions: { maxTries: 1 } });
    const containerClient = storage.getContainerClient(container);
    const blobName = blobNameOf(context.artefact);
    const blobUrl = containerClient.getPageBlobClient(blobName).url;
    const accountId =
      `/subscriptions/${settings.subscription}/resourceGroups/${settings.resourceGroup}` +
      `/providers/Microsoft.Storage/storageAccounts/${settings.account}`;
    if (!already) {
      await context.log.step('upload the VHD', () =>
        uploadVhd(containerClient, blobName, context.artefact, context.calls),
      );
    }
    const ids: Record<string, string> = { 'page blob': blobUrl };
    for (const [index, image] of images.entries()) {
      const there = found[index];
      const version = already && there !== undefined ? there : await image.publish(blobUrl, accountId);
      ids[`image version, ${image.name}`] = version.id ?? '';
    }
    return { already, ids };
  }

  const authority = environment.AZURE_AUTHORITY_HOST || 'https://login.microsoftonline.com';
  return {
    dialect: azureDialect,
    endpoints: [blobEndpoint, managementEndpoint],
    identity: [(!environment.AZURE_CLIENT_ID && environment.IDENTITY_ENDPOINT) || authority],
    publish,
  };
}
