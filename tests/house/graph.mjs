// Circles in a graph, given as pairs of names.

/** The shortest circle, such as `["a", "b", "a"]`, or undefined. */
export function circleIn(pairs) {
  const next = new Map();
  for (const [from, to] of pairs) next.set(from, [...(next.get(from) ?? []), to]);
  const circles = [...next.keys()].map((start) => wayBack(start, next)).filter(Boolean);
  return circles.sort((a, b) => a.length - b.length)[0];
}

/** The shortest way from a node to itself. */
function wayBack(start, next) {
  let ways = [[start]];
  const seen = new Set();
  while (ways.length > 0) {
    const longer = [];
    for (const way of ways) {
      for (const node of next.get(way.at(-1)) ?? []) {
        if (node === start) return [...way, node];
        if (seen.has(node)) continue;
        seen.add(node);
        longer.push([...way, node]);
      }
    }
    ways = longer;
  }
  return undefined;
}
