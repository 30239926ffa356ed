/** Node's child processes, loaded when Git is first started: most questions are answered without it. */
export function childProcess(): typeof import('node:child_process') {
  return process.getBuiltinModule('node:child_process');
}
