import { assembleImage, type ImageSpec } from '../../containers/index.ts';
import {
  AtmosError,
  type ComputeFunction,
  type ComputeIo,
  isObject,
  type JsonObject,
  makeTree,
  overlay,
  prettyJson,
  type Tree,
} from '../../engine/index.ts';
import { fieldsOf, IMAGE_FILE } from '../../phases/index.ts';

export const IMAGE = { name: 'nixpack-image', version: 3 } as const;
export const IMAGE_LAYER = { name: 'nixpack-layer', version: 1 } as const;

export interface ImageArgs {
  readonly component: string;
  /** The command line that starts the service; `null` takes `scripts.start` of its package.json. */
  readonly start: string | null;
}

/** Where a service lies in its image. */
const APP = 'app';

/** Assembles a service's image from what its source was built to. Inputs `app`, `source` and `base`; output `image`. */
export const buildImage: ComputeFunction = async (json, io) => {
  const args = json as unknown as ImageArgs;
  const start = args.start ?? (await startScript(io, args.component));
  const spec: ImageSpec = {
    workdir: `/${APP}`,
    entrypoint: ['sh', '-c', `exec ${start}`],
    env: ['NODE_ENV=production'],
    user: '65534:65534',
    history: 'atmos-deployment build',
  };
  const app = overlay([
    { at: APP, tree: await withoutIgnored(io.input('app'), io.input('source'), io) },
    // Programs expect one, and no base assembled here has it.
    { at: '', tree: makeTree([{ path: 'tmp', mode: 'directory', ...(await io.put('')) }]) },
  ]);
  return assembleImage({ ...spec } as unknown as JsonObject, { ...io, input: (name) => (name === 'app' ? app : io.input(name)) });
};

/**
 * What was built, without what `.dockerignore` of the source names there: tests may need that, an image does not have it. What a build made anew, though the
 * source has something in its place, is not what is meant.
 */
async function withoutIgnored(app: Tree, source: Tree, io: ComputeIo): Promise<Tree> {
  const file = source.entries.find(({ path, mode }) => path === '.dockerignore' && mode !== 'link');
  if (file === undefined) return app;
  const library = await import('@balena/dockerignore');
  // Its types describe another form than it has: what it exports is the function itself.
  const ignored = (library.default as unknown as typeof library.default.default)().add(
    Buffer.from(await io.read(file.digest)).toString('utf8'),
  );
  const given = new Map(source.entries.map((entry) => [entry.path, entry.digest]));
  return makeTree(app.entries.filter(({ path, digest }) => given.get(path) !== digest || !ignored.ignores(path)));
}

async function startScript(io: ComputeIo, component: string): Promise<string> {
  const entry = io.input('app').entries.find(({ path }) => path === 'package.json');
  if (entry !== undefined) {
    const manifest: unknown = JSON.parse(Buffer.from(await io.read(entry.digest)).toString('utf8'));
    if (isObject(manifest) && isObject(manifest.scripts) && typeof manifest.scripts.start === 'string') return manifest.scripts.start;
  }
  throw new AtmosError(`${component}: there is no start command`, {
    kind: 'invalid',
    code: 'no-start-command',
    hint: 'give its package.json a "start" script, or set settings.nixpack.start in the deployment file',
  });
}

/** Makes a nixpack component's layer: the source and what its image is. Inputs `source` and `image`; output `files`. Args: `{ name }`. */
export const imageLayer: ComputeFunction = async (json, io) => {
  const { name } = json as { readonly name: string };
  const { digest } = fieldsOf(io.input('image'), name);
  const description = await io.put(prettyJson({ digest, name }));
  return {
    files: overlay([
      { at: 'source', tree: io.input('source') },
      { at: '', tree: makeTree([{ path: IMAGE_FILE, mode: '644', ...description }]) },
    ]),
  };
};
