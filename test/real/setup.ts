import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { COMMAND, useCommand } from './command.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * Assembles the images once for all tests: each shop then starts with them in its cache (as links: an object is never changed) and with its pins,
 * as a clone has on a machine that was used before.
 */
export function setup(): () => void {
  const bin = join(ROOT, 'dist/atmos-deployment.js');
  if (!existsSync(bin)) throw new Error('build first: npm run build');
  const base = mkdtempSync(join(tmpdir(), 'atmos-e2e-template-'));
  const dir = join(base, 'shop');
  cpSync(join(ROOT, 'deployments-example'), dir, { recursive: true });
  useCommand(dir);
  // For repositories whose atmos.yaml a test writes later.
  if (COMMAND !== 'terraform') process.env.ATMOS_COMPONENTS_TERRAFORM_COMMAND = COMMAND;
  execFileSync('git', ['init', '--quiet', dir]);
  execFileSync(process.execPath, [bin, 'images', 'build', 'payment-service'], { cwd: dir, stdio: 'pipe' });
  process.env.ATMOS_E2E_TEMPLATE = dir;
  return () => rmSync(base, { recursive: true, force: true });
}
