/** Images built from source. */
export { buildImage, IMAGE, IMAGE_LAYER, imageLayer } from './image.ts';
export { builtTree, imageLayerNode, imageNodes, type Service } from './nodes.ts';
