import type { NodeLimits } from '../config/index.ts';
import { type Exec, execAction, type Input, type Limits, type Node } from '../engine/index.ts';

/** What a node's container may use unless it says otherwise. */
const LIMITS: Limits = { memoryMiB: 2048, cpus: 2, pids: 1024 };

/**
 * Beginning of every script, whose own variables begin with `atmos_`: a variable of a component's environment keeps its value.
 * Here: `run` starts a command and hands interrupts on to it, since a shell that is the first process of a container
 * would keep them to itself; it returns the command's own exit code.
 */
const PRELUDE = `set -eu
run() {
  "$@" & atmos_child=$!
  trap 'kill -TERM $atmos_child 2>/dev/null || true' INT TERM
  atmos_code=0; wait $atmos_child || atmos_code=$?
  while kill -0 $atmos_child 2>/dev/null; do atmos_code=0; wait $atmos_child || atmos_code=$?; done
  trap - INT TERM
  return $atmos_code
}
`;

/** Where what was planned is given to what applies it. */
export const PLAN_INPUT = '/plan';

/** The argv of a shell script with arguments `$1`, `$2`, … */
export function script(text: string, ...args: readonly string[]): readonly string[] {
  return ['sh', '-c', PRELUDE + text, 'sh', ...args];
}

/** An exec action with the usual limits but for those that are given, and nothing declared but what is given. */
export function exec({
  limits,
  ...action
}: Pick<Exec, 'image' | 'argv'> & Partial<Omit<Exec, 'limits'>> & { readonly limits?: NodeLimits | undefined }): Exec {
  return execAction({ limits: { ...LIMITS, ...limits }, ...action });
}

/** A node of a component, named `<component>/<step>`. */
export function step(component: string, name: string, parts: Pick<Node, 'action'> & Partial<Node>): Node {
  return { id: `${component}/${name}`, component, step: name, inputs: [], after: [], cache: 'content', ...parts };
}

export function input(path: string, from: Input['from']): Input {
  return { path, from };
}
