import { type Figures, none, told } from './figures.ts';
import type { World } from './world.ts';

/** So many things each round has, from 1 to 6. */
export const thingsIn = (round: number): number => 1 + ((round * 7 + 3) % 6);

/** Counts over the rounds of a trial what is not as it should be once a command was repeated. */
export class Toll {
  readonly #name: string;
  #rounds = 0;
  #failed = 0;
  #lostResources = 0;
  #wrongRecords = 0;
  #leftovers = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Repeats a command, which is to work now; then counts. */
  take(world: World, things: number, args: string, env?: NodeJS.ProcessEnv): void {
    const again = world.run(world.dir, args, env);
    const say = (what: string): void => void process.stderr.write(`${this.#name}, round ${this.#rounds}: ${what}\n`);
    if (again.status !== 0) {
      say(again.stderr);
      this.#failed += 1;
    }
    this.#lostResources += world.lostResources(things);
    this.#wrongRecords += Math.abs(world.outcomes() - 1);
    const left = world.leftovers();
    if (left.length > 0) say(`left behind: ${left.join(', ')}`);
    this.#leftovers += left.length;
    this.#rounds += 1;
  }

  figures(): Figures {
    return {
      [`${this.#name}: rounds`]: told(this.#rounds, 'count'),
      [`${this.#name}: commands that failed afterwards`]: none(this.#failed),
      [`${this.#name}: lost resources`]: none(this.#lostResources),
      [`${this.#name}: lost and doubled records`]: none(this.#wrongRecords),
      [`${this.#name}: leftovers`]: none(this.#leftovers),
    };
  }
}
