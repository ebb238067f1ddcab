// The texts in which a secret shows itself, before anything writes them down in a way of its own: as it is, without the
// blanks around it, line by line, and an address as it is sent.

/** A shorter one would be masked wherever its letters happen to stand. */
export const shortestSecret = 4;
/** Lines of a longer value, such as a key in PEM, are secrets of their own from this length on. */
const shortestLine = 8;

/** None for what is too short. */
export function formsOf(secret: string): ReadonlySet<string> {
  if (secret.length < shortestSecret) return new Set();
  const parts = [secret, ...partsOf(secret)];
  return new Set([...parts, ...parts.flatMap(addressForms)]);
}

/** Whoever sends a key or a header drops the blanks around it. */
function partsOf(secret: string): string[] {
  const trimmed = secret.trim();
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return [
    ...(trimmed.length < shortestSecret ? [] : [trimmed]),
    ...(lines.length === 1 ? [] : lines.filter((line) => line.length >= shortestLine)),
  ];
}

/** An address is sent as the URL standard writes it, without a name in it, and told of without its query. */
function addressForms(part: string): string[] {
  const url = URL.canParse(part) ? new URL(part) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) return [];
  const { href, origin, pathname, search, hash } = url;
  return [
    href,
    ...(pathname === "/" ? [] : [origin + pathname]),
    ...(search ? [origin + pathname + search + hash] : []),
  ];
}
