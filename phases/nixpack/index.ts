/** Images built from source. */
export { buildImage, IMAGE, IMAGE_LAYER, imageLayer } from './image.ts';
export { imageLayerNode, imageNode, publishNode, type Service } from './nodes.ts';
