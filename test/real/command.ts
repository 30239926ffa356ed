import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/** The program that root modules are rolled out with. All tests pass with OpenTofu, too: ATMOS_TEST_COMMAND=tofu. */
export const COMMAND = process.env.ATMOS_TEST_COMMAND ?? 'terraform';

/** How it calls itself. */
export const PRODUCT = COMMAND === 'tofu' ? 'OpenTofu' : 'Terraform';

/** Has a repository that is not there yet use that program. */
export function useCommand(dir: string): void {
  if (COMMAND === 'terraform') return;
  const path = join(dir, 'atmos.yaml');
  const settings = parseDocument(readFileSync(path, 'utf8'));
  settings.setIn(['components', 'terraform', 'command'], COMMAND);
  writeFileSync(path, settings.toString());
}
