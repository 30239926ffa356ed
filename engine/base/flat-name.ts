/**
 * A name that may hold slashes as one segment of a path or ref, so that none lies within another's: `ecs/api` is `ecs+api`. No two names have one
 * form.
 */
export function flatName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('+', '%2B').replaceAll('/', '+');
}
