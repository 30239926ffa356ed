import type { ComputeFunctions } from '../engine/index.ts';
import { describeLayer, LAYER } from '../releases/index.ts';
import { buildImage, IMAGE, IMAGE_LAYER, imageLayer } from './nixpack/index.ts';
import { layOutModule, MODULE, SYNTH, synthesize } from './terraform/index.ts';

/** The compute functions that nodes of the phases call. */
export const COMPUTES: ComputeFunctions = {
  [SYNTH.name]: synthesize,
  [MODULE.name]: layOutModule,
  [IMAGE.name]: buildImage,
  [IMAGE_LAYER.name]: imageLayer,
  [LAYER.name]: describeLayer,
};
