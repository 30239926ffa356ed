import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import { ContainerOutput } from '../../containers/docker-api/output.ts';

/** An engine whose answers about one container are given: what it says in the moment in which that ends can't be had at will. */
function answering(attach: readonly (() => PassThrough)[], running: readonly boolean[]): Docker.Container {
  const [streams, states] = [[...attach], [...running]];
  return {
    modem: { demuxStream: (from: PassThrough, stdout: PassThrough) => void from.pipe(stdout) },
    attach: async () => streams.shift()?.(),
    inspect: async () => ({ State: { Running: states.shift() ?? false } }),
  } as unknown as Docker.Container;
}

const saying = (text: string) => (): PassThrough => {
  const stream = new PassThrough();
  stream.end(text);
  return stream;
};

test.each([
  ['that it runs, and that nothing of it can be followed', Object.assign(new Error('no attach socket'), { statusCode: 500 })],
  ['nothing any more', Object.assign(new Error('hang up'), { code: 'ECONNRESET' })],
])('what a container printed is told whole where its output ends and the engine says %s', async (_, error) => {
  let told = '';
  const refusing = (): PassThrough => {
    throw error;
  };
  const container = answering([saying('one '), refusing, saying('two')], [true, true]);
  const output = new ContainerOutput(container, {
    log(_stream, chunk) {
      told += Buffer.from(chunk).toString();
    },
  });
  await output.open();
  await expect.poll(() => told).toBe('one two');
  await output.close();
});
