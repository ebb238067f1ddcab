// Usage that a span repeats from those below it is counted once, on the innermost: an agent's span may report the sum of
// its model calls, and two instrumentations the same call. By which spans that is told, whoever knows the tree says.

/**
 * Ids of the spans that have a report of usage below them.
 * @param spans a parent need not be among them
 * @param hasBelow true for a span below which one of the spans that came before reports usage
 */
export function spansAboveUsage(
  spans: readonly { readonly id: string; readonly parentId: string | undefined; readonly reportsUsage: boolean }[],
  hasBelow: (id: string) => boolean,
): ReadonlySet<string> {
  const parents = new Map(spans.map(({ id, parentId }) => [id, parentId]));
  const above = new Set<string>();
  for (const { id, parentId, reportsUsage } of spans) {
    const isBelow = hasBelow(id);
    if (isBelow) above.add(id);
    if (!isBelow && !reportsUsage) continue;
    // Stops at the first that is marked, whose ancestors are marked: all walks together visit each span once.
    for (let next = parentId; next !== undefined && parents.has(next) && !above.has(next); next = parents.get(next)) {
      above.add(next);
    }
  }
  return above;
}
