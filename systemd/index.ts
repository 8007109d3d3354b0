export { enabledUnits, type RenderedFile, renderUnits } from './render.ts';
