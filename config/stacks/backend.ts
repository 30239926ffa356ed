import { errorAt, type Located, type LocatedMap, type LocatedScalar, type Merger, mapOf, member, textOf } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';

/** A backend with the section of its type. */
export interface Backend {
  /** `''` where none is said: then it is Terraform's own default, `local`. */
  readonly type: string;
  readonly section: LocatedMap | undefined;
}

/** Where a backend keeps the states of several components apart, if nothing is said: by this key. */
const PREFIX_KEYS: Readonly<Record<string, string>> = { s3: 'workspace_key_prefix', gcs: 'prefix' };

/** What names a component in a backend that it shares with others. */
export interface BackendNaming {
  readonly prefix: string;
  /** What `/` becomes in it. */
  readonly separator: string;
  /** What the component and its bases say themselves, by type. */
  readonly own: LocatedMap | undefined;
}

/**
 * The state's backend.
 * @throws AtmosError `missing-backend` when there are sections for other types only.
 */
export function backendOf(sections: LocatedMap, { prefix, separator, own }: BackendNaming): Backend {
  const type = typeOf(sections, 'backend_type') ?? '';
  const written = type === '' ? undefined : sectionOf(sections, 'backend', type);
  if (written === undefined && PREFIX_KEYS[type] === undefined && type !== 'azurerm') return { type, section: written };
  const said = sections.entries.get('backend_type')?.value ?? sections;
  const section: LocatedMap = written ?? { kind: 'map', entries: new Map(), at: said.at };
  const put = (key: string, text: string): Backend => {
    const value: LocatedScalar = { kind: 'scalar', value: text, tag: undefined, at: section.at };
    return { type, section: { ...section, entries: new Map([...section.entries, [key, { keyAt: section.at, value }]]) } };
  };
  const name = prefix.replaceAll('/', separator);
  if (type === 'azurerm' && member(member(own, type), 'key') === undefined) {
    // A key for all components is where theirs begin.
    const shared = textOf(member(section, 'key'), '"key"');
    return put('key', `${shared === undefined ? '' : `${shared}/`}${name}.terraform.tfstate`);
  }
  const key = PREFIX_KEYS[type];
  return key === undefined || isText(member(section, key)) ? { type, section } : put(key, name);
}

function isText(value: Located | undefined): boolean {
  return value?.kind === 'scalar' && typeof value.value === 'string' && value.value !== '';
}

/** Where others read the state: the backend itself, if nothing else is said. A section of the same type is merged over the backend's. */
export function remoteStateOf(sections: LocatedMap, backend: Backend, merger: Merger): Backend {
  const type = typeOf(sections, 'remote_state_backend_type') ?? backend.type;
  if (type === '') return { type, section: undefined };
  const own = sectionOf(sections, 'remote_state_backend', type);
  if (type !== backend.type) return { type, section: own };
  return { type, section: mapOf(merger.merge(backend.section, own), `"${type}"`) };
}

function typeOf(sections: LocatedMap, key: string): string | undefined {
  const type = textOf(member(sections, key), `"${key}"`);
  return type === '' ? undefined : type;
}

function sectionOf(sections: LocatedMap, name: string, type: string): LocatedMap | undefined {
  const all = mapOf(member(sections, name), `"${name}"`);
  if (all === undefined || all.entries.size === 0) return undefined;
  const place = sections.entries.get(`${name}_type`)?.value.at ?? sections.entries.get(name)?.keyAt;
  if (!all.entries.has(type)) {
    throw errorAt(place, `${name}_type is "${type}", but "${name}" has no section for it`, {
      code: 'missing-backend',
      hint: suggestion(type, [...all.entries.keys()], `the sections of "${name}"`),
    });
  }
  return mapOf(member(all, type), `"${name}.${type}"`);
}
