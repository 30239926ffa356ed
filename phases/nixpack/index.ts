/** Images built from source. */
export { buildImage, IMAGE, IMAGE_LAYER, imageLayer } from './image.ts';
export { imageLayerNode, imageNode, type Service } from './nodes.ts';
