import { type Functions, Namespace, type Value } from '../../gotemplate/index.ts';

/** `env`, `expandenv` and `getenv` over variables. */
export function variableFunctions(variable: (name: string) => string): Functions {
  const read = (name: unknown): string => variable(String(name));
  const expandenv = (text: Value): string => expanded(String(text), read);
  const getenv = (name: Value, fallback?: Value): string => {
    const value = read(name);
    return value === '' && fallback !== undefined ? String(fallback) : value;
  };
  // Sprig's function, or Gomplate's namespace: `env "HOME"`, `env.Getenv "HOME"`.
  const namespace = new Namespace('Env', { Getenv: getenv, ExpandEnv: expandenv });
  return { env: (...args) => (args.length === 0 ? namespace : read(args[0])), expandenv, getenv };
}

/**
 * os.ExpandEnv of Go: `$name`, `${name}`, and names of one character that shells have for themselves; what is no name stays, and a `$` before it goes.
 */
function expanded(text: string, read: (name: string) => string): string {
  return text.replaceAll(/\$(?:\{([^}]*)\}|([A-Za-z_]\w*)|([*#$@!?\-\d])|(\{))/g, (_, inBraces?: string, name?: string, special?: string) =>
    read(inBraces ?? name ?? special ?? ''),
  );
}
