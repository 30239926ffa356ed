import { dirname, relative } from 'node:path/posix';
import { AtmosError, ISOLATIONS, type Isolation } from '../../engine/index.ts';
import { LIST_STRATEGIES, type ListStrategy, type LocatedMap, type TextCache } from '../../yaml/index.ts';
import { type KindSource, type KindSpec, namedOnly } from '../model/kinds.ts';
import { type ConfigFiles, SETTINGS } from '../source/files.ts';
import { baseOf, clean, repositoryOf, within } from '../source/paths.ts';
import { checkSettings } from './check-settings.ts';
import type { RemoteSettings } from './remote.ts';
import { Settings } from './settings.ts';
import { profilesIn, type SettingsEnv } from './settings-env.ts';
import { readSettingsFiles, type SettingsFiles } from './settings-files.ts';
import type { StoreSettings } from './stores.ts';

/** `atmos.yaml`, as far as it concerns deployments; keys that it does not know are left alone. Paths are relative to the root. */
export interface Project {
  /** The files that this was read from; none where there is no `atmos.yaml`. */
  readonly files: readonly string[];
  /** Imports of `atmos.yaml` that gave nothing, with why. */
  readonly unread: readonly AtmosError[];
  /** `''` for the root itself. */
  readonly basePath: string;
  readonly stacks: {
    readonly basePath: string;
    readonly namePattern: string | undefined;
    readonly nameTemplate: string | undefined;
    /** Whether components inherit the metadata, and the source with its provisioning, of their bases. */
    readonly inherit: { readonly metadata: boolean; readonly source: boolean };
  };
  /** What divides keys of stacks that are not in quotes into keys of maps within maps. */
  readonly keyDelimiter: string | undefined;
  /** What a list over a list gives. */
  readonly listMergeStrategy: ListStrategy;
  /** Under all that stacks say: `env` and `integrations.github`, as sections of a component. */
  readonly defaults: LocatedMap | undefined;
  /** Where components lie, by kind, and the command that runs them: `terraform` or `tofu`, `helm`, … */
  readonly components: Readonly<Record<string, KindSettings>>;
  readonly templates: { readonly settings: TemplateSettings };
  /** Where policies lie, by their type, relative to the root. */
  readonly schemas: Readonly<Record<'jsonschema' | 'opa', string>>;
  /** What `!store` reads, by name. */
  readonly stores: Readonly<Record<string, StoreSettings>>;
  readonly deployments: DeploymentSettings;
}

/** `components.<kind>`. */
export interface KindSettings {
  readonly spec: KindSpec;
  /** Why its package can't be loaded: components of it can't be resolved. */
  readonly problem?: AtmosError;
  readonly basePath: string;
  readonly command: string | undefined;
  /** Whether Terraform's states are kept apart by workspaces. */
  readonly workspacesEnabled: boolean;
  /** What `/` in a component's name becomes in a workspace prefix. */
  readonly prefixSeparator: string;
}

/** The settings of a kind that there is. @throws TypeError for another one, which checking refuses before */
export function kindIn({ components }: Pick<Project, 'components'>, kind: string): KindSettings {
  const found = Object.hasOwn(components, kind) ? components[kind] : undefined;
  if (found === undefined) throw new TypeError(`there is no kind ${kind}`);
  return found;
}

/** `templates.settings`. */
export interface TemplateSettings {
  /** Whether templates are evaluated at all. */
  readonly enabled: boolean;
  /** What opens and closes an action: two texts. */
  readonly delimiters: { readonly left: string; readonly right: string };
  /** How often a template's result is taken for a template again. */
  readonly evaluations: number;
  /** Whether a value that a stack's template lacks prints as `<no value>`; else it is an error. */
  readonly ignoreMissing: boolean;
  /** Environment variables for templates. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether short names that Gomplate and Sprig both have are Gomplate's: it is enabled, and Sprig is not. */
  readonly gomplateAlone: boolean;
  /** URLs or paths of Gomplate's data sources, by name. */
  readonly datasources: Readonly<Record<string, string>>;
}

/** The section `deployments`. */
export interface DeploymentSettings {
  readonly basePath: string;
  readonly engine: {
    /** Which runtime nodes run in; `auto` where nothing is said. */
    readonly runtime: string;
    /** How many nodes run at once; `undefined` leaves it to the machine. */
    readonly parallelism: number | undefined;
    /** How many nodes of a step (`build`, `plan`, …) run at once, by step. */
    readonly pools: ReadonlyMap<string, number>;
    readonly cacheDir: string;
    /** Where results are shared with other machines; `undefined` where they are not. */
    readonly remote: RemoteSettings | undefined;
    /** Whether nodes run where the runtime does not enforce all that they need. */
    readonly isolation: Isolation | undefined;
  };
  /** References of the images that nodes run in, by name. */
  readonly images: Readonly<Record<string, string>>;
  /** `mirror`: a directory in the form of Terraform's `filesystem_mirror`, unpacked. */
  readonly providers: { readonly mirror: string | undefined };
  /**
   * `remote`: the Git remote; `undefined` takes `origin` if there is one. `policyRef`: the ref of the remote that rules are read from; `undefined` for its
   * default branch.
   */
  readonly tracking: { readonly remote: string | undefined; readonly push: boolean; readonly policyRef: string | undefined };
  /** Whether `!exec` may run commands on this machine. */
  readonly exec: 'allow' | 'deny';
}

/** The file that is named, else the first that is there of those that may be it. */
async function settingsOf(
  files: ConfigFiles,
  named: string | undefined,
  options: Parameters<typeof readSettingsFiles>[2],
): Promise<SettingsFiles & { readonly path: string }> {
  for (const path of named === undefined ? SETTINGS : [named]) {
    const found = await readSettingsFiles(files, path, options);
    if (found.files.length > 0) return { ...found, path };
  }
  return { document: undefined, files: [], unread: [], path: named ?? SETTINGS[0] };
}

export interface ProjectOptions {
  /** Another file than `atmos.yaml` at the root, relative to it. */
  readonly config?: string | undefined;
  readonly cache?: TextCache | undefined;
  readonly env?: SettingsEnv;
}

/**
 * Reads `atmos.yaml`; without one, everything has its default. A file that is named must be there. Of the environment the variables count that Atmos reads in
 * place of what stands there.
 * @throws AtmosError `missing-file`, `invalid-yaml`, `unknown-key`, `wrong-type`, `wrong-value`
 */
export async function loadProject(
  files: ConfigFiles,
  kinds: KindSource,
  { config: configPath, cache, env = {} }: ProjectOptions = {},
): Promise<Project> {
  const { document, files: read, unread, path } = await settingsOf(files, configPath, { cache, profiles: profilesIn(env) });
  if (read.length === 0 && configPath !== undefined) {
    throw new AtmosError(`there is no ${configPath}`, {
      kind: 'invalid',
      code: 'missing-file',
      hint: 'leave --config out to read atmos.yaml at the repository’s root',
    });
  }
  checkSettings(document);
  const settings = new Settings(document, env, relative(dirname(path), repositoryOf(files)) || '.');
  const basePath = baseOf(settings.text('base_path') ?? '', path);
  const all = { ...kinds.builtIn, ...(await kinds.load(settings.kinds(Object.keys(kinds.builtIn)))) };
  const delimiters = settings.delimiters('templates', 'settings', 'delimiters');
  return {
    files: read,
    unread,
    basePath,
    stacks: {
      basePath: within(basePath, settings.text('stacks', 'base_path') ?? 'stacks'),
      namePattern: settings.text('stacks', 'name_pattern'),
      nameTemplate: settings.text('stacks', 'name_template'),
      inherit: {
        metadata: settings.flag('stacks', 'inherit', 'metadata') ?? true,
        source: settings.flag('stacks', 'inherit', 'source') ?? true,
      },
    },
    keyDelimiter: settings.text('settings', 'yaml', 'key_delimiter') || undefined,
    listMergeStrategy: settings.choice(LIST_STRATEGIES, 'settings', 'list_merge_strategy') ?? 'replace',
    defaults: settings.defaults(),
    components: Object.fromEntries(
      Object.entries(all).map(([kind, found]) => [
        kind,
        {
          ...(found instanceof AtmosError ? { spec: namedOnly(kind), problem: found } : { spec: found }),
          basePath: within(basePath, settings.text('components', kind, 'base_path') ?? `components/${kind}`),
          command: settings.text('components', kind, 'command') ?? (found instanceof AtmosError ? undefined : found.command),
          workspacesEnabled: settings.flag('components', kind, 'workspaces_enabled') ?? true,
          prefixSeparator: settings.text('components', kind, 'workspace', 'prefix_separator') ?? '-',
        },
      ]),
    ),
    templates: {
      settings: {
        enabled: settings.flag('templates', 'settings', 'enabled') ?? false,
        ignoreMissing: settings.flag('templates', 'settings', 'ignore_missing_template_values') ?? false,
        evaluations: settings.count('templates', 'settings', 'evaluations') ?? 1,
        env: settings.texts('templates', 'settings', 'env'),
        gomplateAlone:
          settings.flag('templates', 'settings', 'gomplate', 'enabled') === true &&
          settings.flag('templates', 'settings', 'sprig', 'enabled') !== true,
        datasources: settings.urls('templates', 'settings', 'gomplate', 'datasources'),
        delimiters: { left: delimiters?.[0] ?? '{{', right: delimiters?.[1] ?? '}}' },
      },
    },
    schemas: {
      jsonschema: within(basePath, settings.text('schemas', 'jsonschema', 'base_path') ?? ''),
      opa: within(basePath, settings.text('schemas', 'opa', 'base_path') ?? ''),
    },
    stores: settings.stores(),
    deployments: {
      basePath: within(basePath, settings.text('deployments', 'base_path') ?? 'deployments'),
      engine: {
        runtime: settings.text('deployments', 'engine', 'runtime') ?? 'auto',
        parallelism: settings.count('deployments', 'engine', 'parallelism'),
        pools: settings.counts('deployments', 'engine', 'pools'),
        isolation: settings.choice(ISOLATIONS, 'deployments', 'engine', 'isolation'),
        remote: settings.remote(),
        cacheDir: clean(settings.text('deployments', 'engine', 'cache', 'dir') ?? '.atmos/cache'),
      },
      images: settings.texts('deployments', 'images'),
      providers: { mirror: settings.text('deployments', 'providers', 'mirror') },
      tracking: {
        remote: settings.text('deployments', 'tracking', 'remote'),
        push: settings.flag('deployments', 'tracking', 'push') ?? true,
        policyRef: settings.text('deployments', 'tracking', 'policy_ref'),
      },
      exec: settings.choice(['allow', 'deny'], 'deployments', 'functions', 'exec') ?? 'allow',
    },
  };
}
