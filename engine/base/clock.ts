/** Milliseconds of a clock that only goes forward. `performance` is a module that a start would have to load. */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
