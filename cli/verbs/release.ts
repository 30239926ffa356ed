import { exportReleaseTo, findRelease, loadRelease, makeRelease, storeRelease, targetOf } from '../../app/index.ts';
import { AtmosError, shortId } from '../../engine/index.ts';
import type { Release } from '../../releases/index.ts';
import { fileIn, type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace, type RunFlags, runSettings } from '../command/settings.ts';

interface Options {
  readonly target?: string;
  readonly allowDirty: boolean;
}

export async function release(
  globals: Globals & RunFlags,
  name: string | undefined,
  { target: named, allowDirty }: Options,
): Promise<void> {
  if (name === undefined) throw usage('which deployment?', 'atmos-deployment release <deployment> [--target <name>]');
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, name, named);
    const request = { deployment: name, target, allowDirty, promoted: undefined };
    const made = await makeRelease(workspace, request, runSettings(globals, globals, workspace));
    try {
      await storeRelease(workspace, made.release);
    } finally {
      await made.session.close();
    }
    await printRelease(globals, made.release);
  });
}

export async function showRelease(globals: Globals, id: string | undefined): Promise<void> {
  if (id === undefined) throw usage('which release?', 'atmos-deployment release show <id>   (they are listed by: releases)');
  await inWorkspace(globals, async (workspace) => printRelease(globals, await loadRelease(workspace, await findRelease(workspace, id))));
}

export async function exportRelease(globals: Globals, id: string | undefined, dir: string | undefined): Promise<void> {
  if (id === undefined || dir === undefined) throw usage('<id> and <dir> are required', 'atmos-deployment release export <id> <dir>');
  await inWorkspace(globals, async (workspace) => {
    const release = await exportReleaseTo(workspace, await findRelease(workspace, id), fileIn(globals, dir));
    await print(globals.format, { release, dir }, () => `✔ release ${shortId(release)} is in ${dir}`);
  });
}

async function printRelease(globals: Globals, { digest, config }: Release): Promise<void> {
  const { deployment, target, commit, dirty, promotedFrom, images, components } = config;
  const document = { digest, id: shortId(digest), deployment, target, commit, dirty, promotedFrom, images, components };
  await print(globals.format, document, () =>
    [
      `release ${shortId(digest)} of ${deployment} for ${target}`,
      `commit  ${commit}${dirty ? ' with uncommitted changes' : ''}`,
      ...(promotedFrom === null ? [] : [`from    ${shortId(promotedFrom)}`]),
      ...Object.entries(images).map(([name, image]) => `image   ${name} ${shortId(image.digest)}`),
      '',
      table([
        ['COMPONENT', 'LAYER', 'SOURCE', 'AFTER'],
        ...Object.entries(components).map(([address, { layer, source, dependsOn }]) => [
          address,
          shortId(layer),
          shortId(source),
          dependsOn.join(', '),
        ]),
      ]),
    ].join('\n'),
  );
}

function usage(message: string, hint: string): AtmosError {
  return new AtmosError(message, { kind: 'invalid', code: 'usage', hint });
}
