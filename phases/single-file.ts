import { basename, dirname, join } from 'node:path/posix';
import type { SourceFile } from '../vendoring/index.ts';
import type { Sources } from './sources.ts';

/** How many links in a row are followed. */
const LINKS = 32;

/** A file that is named by itself, links followed; `undefined` where the path is a directory, or nothing. */
export async function singleFile(path: string, from: Pick<Sources, 'entries'>, depth = 0): Promise<SourceFile | undefined> {
  if ((await from.entries(path)).length > 0) return undefined;
  const entry = (await from.entries(dirname(path))).find((one) => one.path === basename(path));
  if (entry?.mode !== 'link' || entry.outside !== undefined || depth > LINKS) return entry;
  const target = join(dirname(path), Buffer.from(await entry.read()).toString('utf8'));
  const file = await singleFile(target, from, depth + 1);
  return file === undefined ? undefined : { ...file, path: basename(path) };
}
