import { relative } from 'node:path/posix';
import { isObject } from '../../engine/index.ts';
import type { ConfigFiles } from '../source/files.ts';
import { hclParser } from './module.ts';

/** Files that Terraform reads variables from by itself; they count more than what is in the environment. */
const OWN_VALUES = /^(?:terraform\.tfvars|[^/]*\.auto\.tfvars)(?:\.json)?$/;

/** The variables that a root module's own files set, each with the file's name. What does not hold, Terraform itself tells. */
export async function ownValues(files: ConfigFiles, dir: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const path of await files.list(dir)) {
    const name = relative(dir, path);
    if (!OWN_VALUES.test(name)) continue;
    const text = Buffer.from((await files.read(path)) ?? '').toString('utf8');
    try {
      const values: unknown = path.endsWith('.json') ? JSON.parse(text) : await (await hclParser(path))(text);
      for (const variable of Object.keys(isObject(values) ? values : {})) found.set(variable, name);
    } catch {
      // Terraform tells.
    }
  }
  return found;
}
