import { AtmosError, asDigest, type Digest } from '../../engine/index.ts';
import { connect } from '../docker/connect.ts';
import type { BaseImage } from './assemble.ts';
import { checkLoad } from './load.ts';
import { assembleToolchain, type Toolchain } from './toolchain.ts';

/** The engine's images. */
export interface ImageStore {
  /** The config digest of the image that the engine has under a reference or digest. */
  find(reference: string): Promise<Digest | undefined>;
  /** What an image can be built upon. @throws AtmosError `no-image` */
  base(digest: Digest): Promise<BaseImage>;
  /** Pulls from the reference's registry. @throws AtmosError `image-pull` when that fails. */
  pull(reference: string): Promise<Digest>;
  /** Assembles an image from this machine's binaries and tags it with the reference. @throws AtmosError `no-binary` */
  build(toolchain: Toolchain, reference: string): Promise<Digest>;
}

/** @throws AtmosError `no-engine` */
export async function openImages(): Promise<ImageStore> {
  const { docker } = await connect();
  const find = async (reference: string): Promise<Digest | undefined> => {
    try {
      return asDigest((await docker.getImage(reference).inspect()).Id);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      throw error;
    }
  };
  const must = async (reference: string): Promise<Digest> => {
    const digest = await find(reference);
    if (digest === undefined) throw new Error(`the engine lost ${reference}`);
    return digest;
  };
  return {
    find,
    async base(digest) {
      if ((await find(digest)) === undefined) {
        throw new AtmosError(`the engine does not have image ${digest}`, {
          kind: 'environment',
          code: 'no-image',
          hint: 'get it: atmos-deployment images pull   (where no registry can be reached: atmos-deployment images build)',
        });
      }
      const { RootFS, Config, Architecture } = await docker.getImage(digest).inspect();
      return { digest, layers: RootFS.Layers ?? [], env: Config.Env ?? [], architecture: Architecture };
    },
    async pull(reference) {
      try {
        const progress = await docker.pull(reference);
        await checkLoad(progress, reference);
      } catch (cause) {
        throw new AtmosError(`${reference} could not be pulled: ${cause instanceof Error ? cause.message : String(cause)}`, {
          kind: 'environment',
          code: 'image-pull',
          hint: 'check the network, or assemble it from the binaries of this machine: atmos-deployment images build',
          cause,
        });
      }
      return must(reference);
    },
    async build(toolchain, reference) {
      await assembleToolchain(docker, toolchain, reference);
      return must(reference);
    },
  };
}
