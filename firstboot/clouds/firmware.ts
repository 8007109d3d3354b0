import { type FileSystem, readTextIfAny } from '../../appliance/index.ts';

/** What firmware and hypervisor say about the machine; '' where they say nothing. */
export interface Firmware {
  readonly systemVendor: string;
  readonly productName: string;
  readonly productSerial: string;
  /** In small letters. */
  readonly productUuid: string;
  readonly boardAssetTag: string;
  readonly chassisAssetTag: string;
  /** Only Xen gives one. */
  readonly hypervisorUuid: string;
  readonly hasUefi: boolean;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NO_UUID = /^(?:0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12})$/;

export function readFirmware(fs: FileSystem): Firmware {
  const text = (path: string): string => readTextIfAny(fs, path)?.trim() ?? '';
  const dmi = (name: string): string => text(`/sys/class/dmi/id/${name}`);
  return {
    systemVendor: dmi('sys_vendor'),
    productName: dmi('product_name'),
    productSerial: dmi('product_serial'),
    productUuid: dmi('product_uuid').toLowerCase(),
    boardAssetTag: dmi('board_asset_tag'),
    chassisAssetTag: dmi('chassis_asset_tag'),
    hypervisorUuid: text('/sys/hypervisor/uuid').toLowerCase(),
    hasUefi: fs.existsSync('/sys/firmware/efi'),
  };
}

/** The machine's UUID, unless the firmware has none or one of those that every machine has. */
export function machineUuid({ productUuid }: Firmware): string | undefined {
  return UUID.test(productUuid) && !NO_UUID.test(productUuid) ? productUuid : undefined;
}
