export { type ExposureRow, exposureFaults, exposureRule, exposureTable } from './exposure.ts';
export { gatewayMemoryFlags } from './memory-flags.ts';
export { enabledUnits, type RenderedFile, renderUnits } from './render.ts';
