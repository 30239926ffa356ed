import { clearRun } from './effects.ts';

// A program of its own, which a process starts for its effects when it is gone. Its argument is a run directory.
const [path = ''] = process.argv.slice(2);
await clearRun(path);
