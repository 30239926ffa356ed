import type { ReadSettings } from '../../config/index.ts';
import { type Digest, type Graph, makeGraph, makeTree, prettyJson, type SecretRef, type Store } from '../../engine/index.ts';
import { imageOf } from './command.ts';
import { backendFile } from './synth.ts';
import { outputsNode } from './target-nodes.ts';

/** A component deployed elsewhere, with what reading its outputs takes. */
export interface Elsewhere {
  readonly settings: ReadSettings;
  /** The image that the node runs in. */
  readonly image: Digest;
  /** A tree with its backend file. */
  readonly backend: Digest;
}

/** Makes the tree with such a component's backend file. */
export async function backendTree({ backend_type: type, backend }: ReadSettings, store: Store): Promise<Digest> {
  const text = prettyJson(backendFile(type, backend));
  return store.putTree(makeTree([{ path: 'backend.tf.json', mode: '644', digest: await store.put(text), size: Buffer.byteLength(text) }]));
}

/** Reads the outputs of components that are somebody else's, with a target's secrets: a node `<component>/outputs` each, whose output is `outputs`. */
export function expandElsewhere(all: Readonly<Record<string, Elsewhere>>, secrets: readonly SecretRef[]): Graph {
  const nodes = Object.entries(all).map(([component, { settings, image, backend }]) => {
    const { command, workspace, backend_type: backendType, env } = settings;
    const target = {
      component,
      image,
      command,
      source: backend,
      root: '',
      providers: undefined,
      data: undefined,
      workspace,
      backendType,
      env,
      secrets,
    };
    return outputsNode({ ...target, stateDir: '' }, backend);
  });
  return makeGraph(nodes);
}

/** The name of the image that outputs of such a component are read in, by the command that reads them. */
export const readerImage = imageOf;
