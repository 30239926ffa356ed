import { buildImages } from '../../deploy/index.ts';
import { shortId } from '../../engine/index.ts';
import { type Globals, print } from '../globals.ts';
import { inWorkspace } from '../settings.ts';

export async function buildImagesVerb(globals: Globals, name: string): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const images = await buildImages(workspace, name);
    const file = `${workspace.project.deployments.basePath}/${name}.lock.yaml`;
    await print(globals.format, { images }, () => {
      const lines = images.map((image) => `✔ ${image.name}  ${shortId(image.digest)}${image.pinned ? '' : '  newly pinned'}`);
      const changed = images.some(({ pinned }) => !pinned);
      return [...lines, ...(changed ? [`wrote ${file}; commit it: git add ${file} && git commit`] : [])].join('\n');
    });
  });
}
