import type { ScopedComponent } from '../../config/index.ts';

/** The programs that there are images of. */
export const COMMANDS: readonly string[] = ['terraform', 'tofu'];

/** The program that runs a component: Terraform, or OpenTofu. */
export function commandOf({ sections }: Pick<ScopedComponent, 'sections'>): string {
  return String(sections.command ?? 'terraform');
}

/** The image that a program's nodes run in: a name under `deployments.images`. */
export function imageOf(command: string): string {
  return command === 'tofu' ? 'tofu' : 'terraform';
}

/** Where a program looks for providers that name no registry. */
export function registryOf(command: string): string {
  return command === 'tofu' ? 'registry.opentofu.org' : 'registry.terraform.io';
}
