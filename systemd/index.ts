export { type ExposureRow, exposureFaults, exposureRule, exposureTable } from './exposure.ts';
export { enabledUnits, type RenderedFile, renderUnits } from './render.ts';
