import { errorAt, type Located, locate, type Place } from './located.ts';

/**
 * The part of a value that a query names, in the form of yq: `.service.port`, `.regions[1]`, `."a.b"`, `.items[-1].name`, with `| length`, `| keys`,
 * and `// fallback` behind it.
 * @throws AtmosError `query` for what it does not know
 */
export function query(value: Located, expression: string, at: Place): Located {
  const [path = '', ...steps] = expression.split(/\s*(?=\|)|\s*(?=\/\/)/).map((part) => part.trim());
  return steps.reduce((found, step) => applyStep(found, step, expression, at), walk(value, path, expression, at));
}

function applyStep(value: Located, step: string, expression: string, at: Place): Located {
  if (step.startsWith('//')) {
    const isNothing = value.kind === 'scalar' && (value.value === null || value.value === false);
    return isNothing ? literal(step.slice(2).trim(), expression, at) : value;
  }
  const name = step.slice(1).trim();
  if (name.startsWith('.')) return walk(value, name, expression, at);
  if (name === 'length') return locate(lengthOf(value), at);
  if (name === 'keys' && value.kind === 'map') return locate([...value.entries.keys()], at);
  if (name === 'keys' && value.kind === 'list') return locate([...value.items.keys()], at);
  throw unknown(expression, at);
}

function lengthOf(value: Located): number {
  if (value.kind === 'map') return value.entries.size;
  if (value.kind === 'list') return value.items.length;
  return value.kind === 'scalar' && value.value !== null ? [...String(value.value)].length : 0;
}

function literal(text: string, expression: string, at: Place): Located {
  const [, double, single] = /^(?:"([^"]*)"|'([^']*)')$/.exec(text) ?? [];
  if (double !== undefined || single !== undefined) return locate(double ?? single, at);
  try {
    return locate(JSON.parse(text), at);
  } catch {
    throw unknown(expression, at);
  }
}

function walk(start: Located, path: string, expression: string, at: Place): Located {
  if (path === '.' || path === '') return start;
  const parts = /\.?\[(-?\d+)\]|\.?\["([^"]*)"\]|\."([^"]*)"|\.([\w-]+)/y;
  let value = start;
  while (parts.lastIndex < path.length) {
    const found = parts.exec(path);
    if (found === null) throw unknown(expression, at);
    const [, index, ...names] = found;
    const name = names.find((one) => one !== undefined);
    value = index === undefined ? byName(value, name ?? '', at) : byIndex(value, Number(index), at);
  }
  return value;
}

function byName(value: Located, name: string, at: Place): Located {
  return (value.kind === 'map' ? value.entries.get(name)?.value : undefined) ?? locate(null, at);
}

function byIndex(value: Located, index: number, at: Place): Located {
  return (value.kind === 'list' ? value.items.at(index) : undefined) ?? locate(null, at);
}

function unknown(expression: string, at: Place) {
  return errorAt(at, `this query is not understood: ${expression}`, {
    code: 'query',
    hint: 'it may be like .service.port, .regions[1], ."a.b", with "| length", "| keys" or "// fallback" behind it',
  });
}
