import { type BuiltImage, buildImages, listImages, pullImages, verifyImages, type Workspace } from '../../app/index.ts';
import { shortId } from '../../engine/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export async function buildImagesVerb(globals: Globals, name: string): Promise<void> {
  await inWorkspace(globals, (workspace) => printPinned(globals, workspace, name, buildImages(workspace, name)));
}

export async function pullImagesVerb(globals: Globals, name: string, { update }: { readonly update: boolean }): Promise<void> {
  await inWorkspace(globals, (workspace) => printPinned(globals, workspace, name, pullImages(workspace, name, update)));
}

async function printPinned(globals: Globals, { project }: Workspace, name: string, pinning: Promise<readonly BuiltImage[]>): Promise<void> {
  const images = await pinning;
  const file = `${project.deployments.basePath}/${name}.lock.yaml`;
  await print(globals.format, { images }, () => {
    if (images.length === 0) return `${name} uses no registry images; to build its images: atmos-deployment images build ${name}`;
    const lines = images.map((image) => `✔ ${image.name}  ${shortId(image.digest)}${image.pinned ? '' : '  newly pinned'}`);
    const changed = images.some(({ pinned }) => !pinned);
    return [...lines, ...(changed ? [`wrote ${file}; commit it: git add ${file} && git commit`] : [])].join('\n');
  });
}

export async function listImagesVerb(globals: Globals, name: string): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const images = await listImages(workspace, name);
    await print(globals.format, { images }, () =>
      images.length === 0
        ? `nothing is pinned yet: atmos-deployment images build ${name}`
        : table([
            ['IMAGE', 'DIGEST', 'REFERENCE', 'FROM', 'HERE'],
            ...images.map(({ name: image, digest, reference, assembled, isHere }) => [
              image,
              shortId(digest),
              reference,
              assembled ? 'programs of a machine' : 'registry',
              isHere ? 'yes' : 'no',
            ]),
          ]),
    );
  });
}

export async function verifyImagesVerb(globals: Globals, name: string): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const images = (await verifyImages(workspace, name)).map((image) => ({
      ...image,
      isSame: [image.made, image.tagged].every((found) => found === null || found === image.digest),
    }));
    await print(globals.format, { images }, () =>
      images
        .map(({ name: image, digest, made, tagged, isSame }) => {
          if (isSame) return `✔ ${image}  ${shortId(digest)}`;
          if (tagged !== null)
            return `✖ ${image}  pinned to ${shortId(digest)}, but its tag now points to ${shortId(tagged)}: atmos-deployment images pull ${name} --update`;
          return `✖ ${image}  pinned as ${shortId(digest)}, but this machine's programs make ${made === null ? '' : shortId(made)}`;
        })
        .join('\n'),
    );
    if (images.some(({ isSame }) => !isSame)) process.exitCode = 1;
  });
}
