/** Requests at once to the API server: enough to hide its latency, few enough to leave it alone. */
const PARALLEL = 8;

/** Does the work for each item, some at a time. Rejects with the first failure, once the others that were under way have ended too. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lanes = Array.from({ length: Math.min(PARALLEL, items.length) }, async () => {
    for (const item of queue) await work(item);
  });
  const results = await Promise.allSettled(lanes);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
