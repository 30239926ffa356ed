import { atMost, type Figures, inTurn, told } from './figures.ts';
import { newShop, nodeAlone } from './shop.ts';

/** What a command costs before it does anything, and what doing nothing costs. */
export async function figures(): Promise<Figures> {
  const shop = newShop();
  try {
    shop.run('rollout payment-service --target dev');
    const times = await inTurn(21, {
      node: nodeAlone,
      help: () => shop.run('--help'),
      describe: () => shop.run('describe payment-service --target dev --format json'),
      noop: () => shop.run('rollout payment-service --target dev'),
    });
    return {
      node: told(times.node, 'ms'),
      'help / node': atMost(times.ratio('help', 'node'), 1.3),
      'describe / node': told(times.ratio('describe', 'node'), 'ratio'),
      'no-op rollout / node': atMost(times.ratio('noop', 'node'), 3),
    };
  } finally {
    shop.close();
  }
}
