import { defineConfig } from 'vitest/config';
import { limit, pace } from './test/pace.ts';

const env = { ATMOS_TEST_PACE: String(pace()) };

/** `quick` needs nothing but Node and Git; `real` needs Terraform, bubblewrap and a Docker engine, which `./check` provides. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'quick',
          env,
          testTimeout: limit(15_000),
          hookTimeout: limit(15_000),
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', 'test/conformance/**'],
          // Unless told, one processor is left alone: on a machine with two, files would run one after the other.
          maxWorkers: '100%',
          // No test changes what another one imports; loading all anew for each file is a third of the time.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'real',
          env,
          include: ['test/real/**/*.test.ts'],
          testTimeout: limit(120_000),
          hookTimeout: limit(120_000),
          globalSetup: ['test/real/setup.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
