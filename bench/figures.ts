/** One figure of a benchmark, measured as a ratio in one run. */
export interface Figure {
  readonly value: number;
  /** `ratio`, `ms`, `MiB`. */
  readonly unit: string;
  /** `<= 1.3`; empty where there is none. */
  readonly goal: string;
  readonly holds: boolean;
}

export type Figures = Readonly<Record<string, Figure>>;

/** A figure that must not be above a limit. */
export function atMost(value: number, limit: number, unit = 'ratio'): Figure {
  return { value: round(value), unit, goal: `<= ${limit}`, holds: value <= limit };
}

/** A count of what must not happen. */
export function none(value: number): Figure {
  return { value, unit: 'count', goal: '= 0', holds: value === 0 };
}

/** A figure that is told, and has no goal. */
export function told(value: number, unit: string): Figure {
  return { value: round(value), unit, goal: '', holds: true };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? (sorted[Math.floor(middle)] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Medians in milliseconds, by name. */
export type Turns<Name extends string> = Readonly<Record<Name, number>> & {
  /** How many times as long one thing took as another in the same turn; the median of all turns. */
  ratio(of: Name, to: Name): number;
};

/** Does things in turn, A B C A B C, so that a machine whose speed drifts treats all alike. */
export async function inTurn<Name extends string>(
  rounds: number,
  things: Readonly<Record<Name, () => Promise<number> | number>>,
): Promise<Turns<Name>> {
  const names = Object.keys(things) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) for (const name of names) times[name].push(await things[name]());
  const medians = Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>;
  const ratio = (of: Name, to: Name): number => median(times[of].map((time, turn) => time / (times[to][turn] ?? Number.NaN)));
  return { ...medians, ratio };
}
