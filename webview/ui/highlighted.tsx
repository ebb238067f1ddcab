// A text with what was searched for marked in it. Text nodes only.

export function Highlighted({ value, search }: { value: string; search: string }) {
  if (search === "") return <>{value}</>;
  const parts = splitMatches(value, search);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <mark key={index}>{part}</mark> : part))}</>;
}

/** Marked parts are at the odd indexes. Case matters only when `search` has an upper-case letter, as in the host. */
export function splitMatches(value: string, search: string): string[] {
  const isSensitive = search !== search.toLowerCase();
  const haystack = isSensitive ? value : value.toLowerCase();
  // Lower case may change the length of a text ("İ"); then places in it are not places in the text.
  if (haystack.length !== value.length) return [value];
  const parts: string[] = [];
  let from = 0;
  for (let at = haystack.indexOf(search); at >= 0 && parts.length < 200; at = haystack.indexOf(search, from)) {
    parts.push(value.slice(from, at), value.slice(at, at + search.length));
    from = at + search.length;
  }
  parts.push(value.slice(from));
  return parts;
}
