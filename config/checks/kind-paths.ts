import { join } from 'node:path/posix';
import { AtmosError, allSettled, isObject, type JsonObject } from '../../engine/index.ts';
import { errorAt } from '../../yaml/index.ts';
import type { Scope, ScopedComponent } from '../model/scope.ts';
import type { ConfigFiles } from '../source/files.ts';
import { leavesRepository } from '../source/paths.ts';
import { placeIn } from '../values/origins.ts';

/** Files and directories that components of kinds with settings of their own name, and that are not there: their own directory, `paths` of their settings. */
export async function pathProblems(scope: Scope, files: ConfigFiles): Promise<readonly AtmosError[]> {
  const found = await allSettled(Object.values(scope.components), (component) => problemsOf(component, files));
  return found.flat();
}

async function problemsOf(component: ScopedComponent, files: ConfigFiles): Promise<readonly AtmosError[]> {
  const { address, spec, sections, name, source } = component;
  if (spec.settings === undefined) return [];
  const own = isObject(sections.settings) ? (sections.settings as JsonObject)[spec.name] : undefined;
  const settings = isObject(own) ? own : {};
  const named = Object.entries(spec.settings).flatMap(([key, { type }]) => {
    const value = settings[key];
    return type === 'paths' && Array.isArray(value) ? value.map((path) => ({ path: String(path), at: ['settings', spec.name, key] })) : [];
  });
  // A directory that nobody names need not be there.
  const isNamed = spec.source === 'base-path' && sections.component !== name;
  const all = [...(isNamed ? [{ path: source, at: ['metadata', 'component'] }] : []), ...named];
  const problems = await allSettled(all, async ({ path, at }) => {
    const clean = join(path).replace(/\/$/, '');
    if (clean.startsWith('/') || leavesRepository(clean, files.above))
      return errorAt(placeIn(component, at), `${address}: ${path} is not in the repository`, {
        code: 'path-escape',
        hint: 'write a path relative to the directory of atmos.yaml',
      });
    try {
      if ((await files.list(clean)).length > 0 || (await files.read(clean)) !== undefined) return undefined;
    } catch (error) {
      if (error instanceof AtmosError) return error;
      throw error;
    }
    return errorAt(placeIn(component, at), `${address}: there is nothing in ${path}`, {
      code: 'no-source',
      hint: 'check the path: it is relative to the directory of atmos.yaml',
    });
  });
  return problems.filter((one) => one !== undefined);
}
