import { isObject } from '../engine/index.ts';

type Unknown = { readonly [key: string]: unknown };

/** What a kind of a package lacks, or has in another form; `undefined` where it has all. */
export function wrongIn(made: Unknown, name: string): string | undefined {
  const { spec } = made;
  if (!isObject(spec)) return 'has no "spec"';
  if (spec.name !== name) return `declares the kind as ${JSON.stringify(spec.name)}, expected "${name}"`;
  if (spec.isModule === true) return 'has root modules of Terraform, which only the built-in kind has';
  const missing = ['images', 'gather', 'layer', 'settings'].find((key) => typeof made[key] !== 'function');
  return missing === undefined ? wrongInSpec(spec) : `has no function "${missing}"`;
}

function wrongInSpec(spec: Unknown): string | undefined {
  const flag = ['inStacks', 'isModule', 'hasEnvironment'].find((key) => typeof spec[key] !== 'boolean');
  if (flag !== undefined) return `must have true or false as "spec.${flag}"`;
  for (const [key, choices] of Object.entries({ source: ['base-path', 'vars'], produces: ['outputs', 'image', 'nothing'] })) {
    if (!choices.includes(spec[key] as string)) return `must have one of ${choices.join(', ')} as "spec.${key}"`;
  }
  if (spec.settings === undefined) return spec.outputs === undefined ? undefined : 'names the setting "outputs", and has no settings';
  if (!isObject(spec.settings)) return 'must have a map of settings';
  const settings = Object.entries(spec.settings);
  for (const [key, setting] of settings) {
    const wrong = isObject(setting) ? wrongInSetting(setting, Object.keys(spec.settings)) : 'must be an object: { type: "string" }';
    if (wrong !== undefined) return `has a wrong setting "${key}": it ${wrong}`;
  }
  if (spec.outputs !== undefined && !settings.some(([key]) => key === spec.outputs))
    return `names the setting ${JSON.stringify(spec.outputs)} as its outputs, which it does not have`;
  if (spec.outputs !== undefined && settings.some(([key, setting]) => key === spec.outputs && (setting as Unknown).type !== 'strings'))
    return `names the setting ${JSON.stringify(spec.outputs)} as its outputs, which must have the type "strings"`;
  return undefined;
}

const SETTING_KEYS = ['type', 'required', 'needs'];
const TYPES = ['string', 'strings', 'paths', 'boolean'];

function wrongInSetting(setting: Unknown, known: readonly string[]): string | undefined {
  const { type, required, needs } = setting;
  const other = Object.keys(setting).find((key) => !SETTING_KEYS.includes(key));
  if (other !== undefined) return `has an unknown key "${other}"`;
  const isList = Array.isArray(type) && type.length > 0 && type.every((one) => typeof one === 'string');
  if (!isList && !TYPES.includes(type as string)) return `must have a type: ${TYPES.join(', ')}, or a list of strings`;
  if (required !== undefined && required !== true) return 'must have "required: true", or no "required"';
  const others = needs === undefined ? [] : Array.isArray(needs) ? needs : [needs];
  const unknown = others.find((one) => !known.includes(one));
  return unknown === undefined ? undefined : `needs ${JSON.stringify(unknown)}, which is no setting`;
}
