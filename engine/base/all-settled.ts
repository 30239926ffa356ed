/**
 * Does things side by side and returns what they give, in order. When several fail, the first in order is thrown, so that the same mistake gives
 * the same error each time.
 */
export async function allSettled<From, To>(items: Iterable<From>, work: (item: From) => Promise<To>): Promise<readonly To[]> {
  const settled = await Promise.allSettled([...items].map(work));
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
