import { resolveDeferred, type ScopedComponent } from '../../config/index.ts';
import {
  type ComputeFunction,
  type Json,
  type JsonObject,
  makeTree,
  type Node,
  overlay,
  prettyJson,
  type TreeEntry,
} from '../../engine/index.ts';
import {
  type From,
  holdsDeferred,
  type ImageArgs,
  imageReads,
  input,
  producedImages,
  type ReleaseContext,
  step,
} from '../../phases/index.ts';

export const FILES = { name: 'command-files', version: 1 } as const;

interface FilesArgs extends ImageArgs {
  readonly vars: JsonObject;
  readonly env: JsonObject;
}

/**
 * Makes a component's layer: what was built, its variables and its environment as far as they are known, and in `references.json` what comes from outputs of
 * others. Inputs `source` and `image/<address>`; output `files`.
 */
export const makeFiles: ComputeFunction = async (json, io) => {
  const args = json as unknown as FilesArgs;
  const produced = producedImages(args, io);
  const sections = { vars: resolveDeferred(args.vars, produced) as JsonObject, env: resolveDeferred(args.env, produced) as JsonObject };
  const references = Object.entries(sections)
    .map(([name, section]) => [name, only(section, holdsDeferred)] as const)
    .filter(([, section]) => Object.keys(section).length > 0);
  const isKnown = (value: Json): boolean => !holdsDeferred(value);
  const contents: readonly (readonly [string, Json])[] = [
    ['vars.json', only(sections.vars, isKnown)],
    ['env.json', only(sections.env, isKnown)],
    ...(references.length === 0 ? [] : [['references.json', Object.fromEntries(references)] as const]),
  ];
  const files: TreeEntry[] = [];
  for (const [path, content] of contents) files.push({ path, mode: '644', ...(await io.put(prettyJson(content))) });
  return {
    files: overlay([
      { at: 'source', tree: io.input('source') },
      { at: '', tree: makeTree(files) },
    ]),
  };
};

/** `<address>/synth`, of what was built, or of what a promotion takes over. */
export function filesNode({ address, sections, secrets = {} }: ScopedComponent, { takenOver, images }: ReleaseContext, built: From): Node {
  const reads = imageReads(images);
  const env = only((sections.env ?? {}) as JsonObject, (value, name) => value !== null && !Object.hasOwn(secrets, name));
  const args: FilesArgs = { vars: (sections.vars ?? {}) as JsonObject, env, ...reads.args };
  return step(address, 'synth', {
    inputs: [input('source', takenOver?.parts ?? built), ...reads.inputs],
    action: { kind: 'compute', ...FILES, args: args as unknown as Json, outputs: ['files'] },
  });
}

function only(section: JsonObject, isMeant: (value: Json, name: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(section).filter(([name, value]) => isMeant(value as Json, name)));
}
