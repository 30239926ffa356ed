import { resolve } from 'node:path';

/** What would have Git give other objects than those that a name stands for, or take them from elsewhere. */
const IGNORED = ['GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_GRAFT_FILE', 'GIT_REPLACE_REF_BASE', 'GIT_SHALLOW_FILE'];

/** Where the repository is; relative to where this process was started. */
const PLACES = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE'];

/**
 * The environment of every Git that is started: it asks nobody anything, speaks one language, takes no lock that it can do without, and knows neither
 * replace objects nor grafts: a commit is what its id says.
 */
export function gitEnvironment(more: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !IGNORED.includes(name)));
  for (const name of PLACES) if (own[name]) own[name] = resolve(own[name]);
  return {
    ...own,
    ...{ GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_PAGER: 'cat' },
    ...{ GIT_NO_REPLACE_OBJECTS: '1', GIT_GRAFT_FILE: '/dev/null/none' },
    ...more,
  };
}
