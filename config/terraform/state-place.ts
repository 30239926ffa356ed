import { scryptSync } from 'node:crypto';
import { canonicalJson, isObject, type Json, type JsonObject, jsonDigest } from '../../engine/index.ts';

/** What decides where Terraform keeps a component's state. */
export interface StateSite {
  /** `backend_type`: `s3`, `http`, … */
  readonly type: string;
  /** The section of that type; may hold what is known later only. */
  readonly backend: JsonObject;
  readonly workspace: string;
  /** The component's own variables: some backends read their place from them. */
  readonly env: JsonObject;
  /** Variables that are secrets, with their values where they are known. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  /** Whose secret a variable is. */
  readonly owner: (variable: string) => string;
}

/**
 * Where a state lies, as text for people: the same for two sites exactly if their states would be one. Only what names the place counts; credentials,
 * retries, encryption and the like don't, and nothing of them is in it. Of a place that a secret names there is a digest that takes long to try, and
 * where its value is not known, whose secret it is (`isKnownPlace`). `undefined` for local states, which lie apart by target and component.
 */
export function statePlace(site: StateSite): string | undefined {
  if (site.type === '' || site.type === 'local') return undefined;
  const options = new Options(site);
  const place = (BACKENDS[site.type] ?? anyBackend)(options);
  // Two backends of Terraform for the workspaces of one service.
  const type = site.type === 'remote' ? 'cloud' : site.type;
  const secrets = [...options.asked];
  if (secrets.length === 0) return `${type} ${place}`;
  const unknown = secrets.find((name) => site.secrets[name] === undefined);
  if (unknown !== undefined) return `${type} <secret ${unknown} of ${site.owner(unknown)}>`;
  return `${type} <secret ${secrets.join(', ')}> ${digestOf(place)}`;
}

/** Of what a secret names: it takes long to try. */
function digestOf(place: string): string {
  return scryptSync(place, 'where a state lies', 16, { N: 4096 }).toString('hex');
}

/** Whether two places are one, also where secrets name one of them, or other ones the other. */
export function isSamePlace(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((place) => /^(\S+) (<secret [^>]*> )?(.*)$/s.exec(place) ?? []);
  const [, type, hidden, place = ''] = a ?? [];
  const [, otherType, otherHidden, otherPlace = ''] = b ?? [];
  if (type === undefined || type !== otherType || (hidden === undefined && otherHidden === undefined)) return false;
  return (hidden === undefined ? digestOf(place) : place) === (otherHidden === undefined ? digestOf(otherPlace) : otherPlace);
}

/** Whether it is known which place it is: not where a secret's value decides that was not at hand. */
export function isKnownPlace(place: string): boolean {
  return !/^\S+ <secret \S+ of /.test(place);
}

/** The options of a backend, by name: as its section says, else as a variable says that Terraform reads in its place. */
class Options {
  readonly site: StateSite;
  /** The secrets that decided. */
  readonly asked = new Set<string>();

  constructor(site: StateSite) {
    this.site = site;
  }

  get workspace(): string {
    return this.site.workspace;
  }

  /** `''` where nothing says it. */
  text(name: string, ...variables: readonly string[]): string {
    const { backend } = this.site;
    const own = backend[name];
    if (own !== undefined && own !== null && own !== '') return textOf(own);
    return this.variable(...variables);
  }

  /** The first of these variables that is set. */
  variable(...variables: readonly string[]): string {
    const { env, secrets } = this.site;
    for (const variable of variables) {
      if (Object.hasOwn(secrets, variable)) {
        this.asked.add(variable);
        return secrets[variable] ?? '';
      }
      const value = env[variable];
      if (value !== undefined && value !== null && value !== '') return textOf(value);
    }
    return '';
  }

  /** The object `name` of the section, or the first of the list of that name: blocks are written in either way. */
  block(name: string): Options {
    const own = this.site.backend[name];
    const backend = Array.isArray(own) ? own[0] : own;
    return new Options({ ...this.site, backend: isObject(backend) ? (backend as JsonObject) : {}, env: {}, secrets: {} });
  }
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}

/** By type, what names a state in it. The defaults are Terraform's. @see https://developer.hashicorp.com/terraform/language/backend */
const BACKENDS: Readonly<Record<string, (options: Options) => string>> = {
  s3: (o) => {
    const endpoint = o.block('endpoints').text('s3') || o.text('endpoint', 'AWS_ENDPOINT_URL_S3', 'AWS_S3_ENDPOINT', 'AWS_ENDPOINT_URL');
    return inBucket(
      AWS.test(endpoint) ? '' : endpoint,
      o,
      `${o.text('workspace_key_prefix') || 'env:'}/${o.workspace}/${o.text('key')}`,
      o.text('key'),
    );
  },
  gcs: (o) => {
    const endpoint = o.text('storage_custom_endpoint', 'GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT', 'GOOGLE_STORAGE_CUSTOM_ENDPOINT');
    return `${urlOf(endpoint)} ${clean(`${o.text('bucket')}/${o.text('prefix')}/${o.workspace}.tfstate`)}`.trim();
  },
  azurerm: (o) =>
    clean(`${o.text('storage_account_name')}/${o.text('container_name')}/${o.text('key')}${suffix(o.workspace, 'env:')}`.toLowerCase()),
  // One state at an address, whatever the workspace.
  http: (o) => urlOf(o.text('address', 'TF_HTTP_ADDRESS')),
  pg: (o) => {
    const schema = o.text('schema_name', 'PG_SCHEMA_NAME') || 'terraform_remote_state';
    return `${databaseOf(o)} ${schema} ${o.workspace}`;
  },
  consul: (o) => {
    const address = o.text('address', 'CONSUL_HTTP_ADDR') || '127.0.0.1:8500';
    const scheme = o.text('scheme') || (isTrue(o.variable('CONSUL_HTTP_SSL')) ? 'https' : 'http');
    const at = [urlOf(address.includes('://') ? address : `${scheme}://${address}`), o.text('datacenter')].join(' ').trim();
    return `${at} ${clean(o.text('path'))}${suffix(o.workspace, '-env:')}`;
  },
  kubernetes: (o) => {
    const cluster = o.text('host', 'KUBE_HOST') || o.text('config_context', 'KUBE_CTX') || o.text('config_path', 'KUBE_CONFIG_PATH');
    return `${cluster} ${o.text('namespace', 'KUBE_NAMESPACE') || 'default'} tfstate-${o.workspace}-${o.text('secret_suffix')}`.trim();
  },
  oss: (o) => {
    const key = o.text('key') || 'terraform.tfstate';
    return inBucket(
      o.text('endpoint', 'ALICLOUD_OSS_ENDPOINT', 'OSS_ENDPOINT'),
      o,
      `${o.text('prefix') || 'env:'}/${o.workspace}/${key}`,
      `${o.text('prefix') || 'env:'}/${key}`,
    );
  },
  cos: (o) => {
    const key = o.text('key') || 'terraform.tfstate';
    return inBucket(
      o.text('endpoint', 'TENCENTCLOUD_ENDPOINT'),
      o,
      `${o.text('prefix')}/${o.workspace}/${key}`,
      `${o.text('prefix')}/${key}`,
    );
  },
  oci: (o) => {
    const key = o.text('key') || 'terraform.tfstate';
    return inBucket(o.text('namespace'), o, `${o.text('workspace_key_prefix') || 'env:'}/${o.workspace}/${key}`, key);
  },
  cloud: (o) => organizations(o),
  remote: (o) => organizations(o),
};

/** The service itself, which is meant where nothing is said. */
const AWS = /^https:\/\/s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?\/?$/i;

const isTrue = (text: string): boolean => /^(1|t|true)$/i.test(text);

/** A backend that we know nothing of: all of its section counts, and what in it is secret nobody knows, so it is a digest. */
function anyBackend({ site, workspace }: Options): string {
  return `${jsonDigest(site.backend)} ${workspace}`;
}

/** An object of a bucket, where the workspace that Terraform calls `default` has a name of its own. */
function inBucket(endpoint: string, o: Options, named: string, byDefault: string): string {
  return `${urlOf(endpoint)} ${clean(`${o.text('bucket')}/${o.workspace === 'default' ? byDefault : named}`)}`.trim();
}

/** HCP Terraform and its like: a workspace that the section names is it, whatever else is said. */
function organizations(o: Options): string {
  const workspaces = o.block('workspaces');
  const name = workspaces.text('name') || `${workspaces.text('prefix')}${o.workspace}`;
  const host = o.text('hostname', 'TF_CLOUD_HOSTNAME') || 'app.terraform.io';
  return `${host.toLowerCase()} ${o.text('organization', 'TF_CLOUD_ORGANIZATION')}/${name}`;
}

const suffix = (workspace: string, before: string): string => (workspace === 'default' ? '' : `${before}${workspace}`);

/** A path in which no part is empty. */
function clean(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** An address without who asks; two spellings of one are the same. */
function urlOf(text: string): string {
  if (text === '') return text;
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    // What may stand for itself is the same when it is escaped (RFC 3986, section 6.2.2).
    const path = url.pathname.replace(/%[0-9a-f]{2}/gi, (escaped) => {
      const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
      return /[\w.~-]/.test(character) ? character : escaped.toUpperCase();
    });
    return `${url.protocol}//${url.host.replace(/\.(?=:|$)/, '')}${path.replace(/\/+$/, '')}${url.search}`;
  } catch {
    return text;
  }
}

/** A database of PostgreSQL: its connection string is a URL, or words like `host=db`; what neither says is in variables. */
function databaseOf(o: Options): string {
  const said = o.text('conn_str', 'PG_CONN_STR');
  const words = /^postgres(?:ql)?:\/\//.test(said) ? wordsOfUrl(said) : wordsOfText(said);
  const of = (name: string, variable: string, usual: string): string => words[name] || o.variable(variable) || usual;
  return `${of('host', 'PGHOST', 'localhost')}:${of('port', 'PGPORT', '5432')}/${of('dbname', 'PGDATABASE', '')}`;
}

function wordsOfUrl(text: string): Readonly<Record<string, string>> {
  try {
    const url = new URL(text);
    return { host: url.hostname, port: url.port, dbname: url.pathname.slice(1), ...Object.fromEntries(url.searchParams) };
  } catch {
    return { host: text.replace(/\/\/[^@/]*@/, '//') };
  }
}

function wordsOfText(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))/g)].map(([, name = '', quoted, plain = '']) => [name, quoted ?? plain]),
  );
}
