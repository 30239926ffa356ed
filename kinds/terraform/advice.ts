import type { NodeFailure } from '../../phases/index.ts';
import type { Diagnostic } from './diagnostic.ts';

/** What clouds and backends say to somebody whom they do not know, or do not let in: in their own words, since a name may have any of these. */
const CREDENTIALS = new RegExp(
  [
    'No valid credential sources|could not find default credentials|failed to refresh cached credentials|No credentials loaded',
    'Unable to locate credentials|InvalidClientTokenId|ExpiredToken|SignatureDoesNotMatch|AuthorizationFailed|UnauthorizedOperation',
    '\\bAccessDenied\\b|requires auth\\b|az login|could not configure \\w+ Authorizer|password authentication failed',
    '\\b401 Unauthorized|\\b403 Forbidden|status ?code:? 40[13]\\b|HTTP (?:error )?40[13]\\b|permission denied \\(403\\)',
  ].join('|'),
  'i',
);
const UNREACHABLE =
  /dial tcp|no such host|connection (refused|reset by peer|timed out)|i\/o timeout|network is unreachable|TLS handshake timeout|status ?code:? 50[234]\b/i;
/** A variable that credentials come from, by whose they are. */
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/google|storage\.NewClient/i, 'GOOGLE_CREDENTIALS'],
  [/azure|az login|\bARM\b/i, 'ARM_CLIENT_SECRET'],
  [/HTTP remote state/i, 'TF_HTTP_PASSWORD'],
  [/\bpq: |postgres/i, 'PGPASSWORD'],
  [/vault/i, 'VAULT_TOKEN'],
];

/** What to do about errors that have to do with where a component runs. */
export function adviceOn(
  { summary, detail }: Diagnostic,
  { address: component, deployment, target }: Pick<NodeFailure, 'address' | 'deployment' | 'target'>,
): string | undefined {
  if (/^Failed to (save|persist) state/i.test(summary)) {
    return `The state was rescued. When the backend works again: atmos-deployment state push ${deployment} ${component} --target ${target}`;
  }
  if (/state lock/i.test(summary)) {
    return `If no other operation is running: atmos-deployment unlock ${deployment} --target ${target} --state ${component} --force`;
  }
  if (/^Inconsistent dependency lock file/i.test(summary)) {
    return 'Its stacks configure a provider (providers) that its module does not require: add it to required_providers of the component, or take it out there. If the lock file was written by hand, update it.';
  }
  const said = `${summary} ${detail}`;
  if (CREDENTIALS.test(said)) {
    const name = VARIABLES.find(([whose]) => whose.test(said))?.[1] ?? 'AWS_ACCESS_KEY_ID';
    return `Nodes only get the credentials that the target declares: targets: { ${target}: { secrets: { ${name}: { env: ${name} } } } }, by the names that Terraform reads. If they are declared, they are invalid, expired, or lack permissions.`;
  }
  if (UNREACHABLE.test(said)) return 'The backend or API is unreachable; rerun when it is available.';
  const path = /no file exists at "([^"]*\.\.\/[^"]*)"/.exec(detail)?.[1];
  if (path === undefined) return undefined;
  return `A component sees its own directory and the local modules that it uses. Declare what else it reads, relative to the directory of atmos.yaml: settings: { terraform: { include: [${path.replace(/^(\.?\.\/)+/, '')}] } }`;
}
