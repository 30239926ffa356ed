import { assembleImage, type BaseImage, type ImageSpec, readImageFile } from '../../containers/index.ts';
import {
  AtmosError,
  type ComputeFunction,
  type ComputeIo,
  isObject,
  type JsonObject,
  makeTree,
  overlay,
  prettyJson,
} from '../../engine/index.ts';

export const IMAGE = { name: 'nixpack-image', version: 1 } as const;
export const IMAGE_LAYER = { name: 'nixpack-layer', version: 1 } as const;

export interface ImageArgs {
  readonly component: string;
  readonly base: BaseImage;
  /** The command line that starts the service; `null` takes `scripts.start` of its package.json. */
  readonly start: string | null;
}

/** Where a service lies in its image. */
const APP = 'app';

/** Assembles a service's image from its source tree. Input `app`; output `image`. */
export const buildImage: ComputeFunction = async (json, io) => {
  const args = json as unknown as ImageArgs;
  const start = args.start ?? (await startScript(io, args.component));
  const spec: ImageSpec = {
    base: args.base,
    at: APP,
    workdir: `/${APP}`,
    entrypoint: ['sh', '-c', `exec ${start}`],
    env: { NODE_ENV: 'production' },
    user: '65534:65534',
    labels: {},
  };
  return assembleImage({ ...spec } as unknown as JsonObject, io);
};

async function startScript(io: ComputeIo, component: string): Promise<string> {
  const entry = io.input('app').entries.find(({ path }) => path === 'package.json');
  if (entry !== undefined) {
    const manifest: unknown = JSON.parse(Buffer.from(await io.read(entry.digest)).toString('utf8'));
    if (isObject(manifest) && isObject(manifest.scripts) && typeof manifest.scripts.start === 'string') return manifest.scripts.start;
  }
  throw new AtmosError(`${component}: nothing says how the service starts`, {
    kind: 'invalid',
    code: 'no-start-command',
    hint: 'give its package.json a "start" script, or set settings.nixpack.start in the deployment file',
  });
}

/** What other components may read of an image: its digest, and its reference by digest. */
export async function imageFields(io: ComputeIo, input: string, name: string): Promise<{ image: string; digest: string }> {
  const entry = io.input(input).entries.find(({ path }) => path === 'image.json');
  if (entry === undefined) throw new Error(`${input} is not an image`);
  const { digest } = readImageFile(Buffer.from(await io.read(entry.digest)).toString('utf8'));
  return { image: `${name}@${digest}`, digest };
}

/** Makes a nixpack component's layer: the source and what its image is. Inputs `source` and `image`; output `files`. Args: `{ name }`. */
export const imageLayer: ComputeFunction = async (json, io) => {
  const { name } = json as { readonly name: string };
  const { digest } = await imageFields(io, 'image', name);
  const description = await io.put(prettyJson({ digest, name }));
  return {
    files: overlay([
      { at: 'source', tree: io.input('source') },
      { at: '', tree: makeTree([{ path: 'image.json', mode: '644', ...description }]) },
    ]),
  };
};
