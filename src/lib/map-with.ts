/** What `work` gives for each item, in their order, with at most `most` ≥ 1 of them under way. Rejects with the first that does; the others end by themselves. */
export async function mapWith<T, R>(
  most: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    // One queue for all: each takes what is next.
    for (const [place, item] of queue) {
      results[place] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}
