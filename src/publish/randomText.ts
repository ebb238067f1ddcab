// Whether a word looks as if it had been drawn by lot, as keys are whose shape nobody knows. Hashes, ids of known kinds, paths
// and names in camel case do not count: they are most of what is long in a trace, and no secrets.

/** Of letters, in bits each; a word of 24 letters drawn from 62 has about 4.2. */
const leastEntropy = 3.7;
/** Letters of a word of a name in camel case, on average: names are longer. */
const longestPiece = 2.6;

const knownIds =
  /^(?:toolu|call|msg|resp|req|run|rs|fc|batch|thread|asst|evt|step|item|ws|srvtoolu)_|^(?:chatcmpl|cmpl|file|gen|sha\d{1,3})-/;

export function isRandom(word: string): boolean {
  if (/^[0-9a-f-]+$/i.test(word) || knownIds.test(word)) return false;
  if (!/[a-z]/.test(word) || !/[A-Z]/.test(word) || !/\d/.test(word)) return false;
  // A path holds a name somewhere; a slash in base64 has letters of all kinds around it.
  if (word.includes("/") && word.split("/").some((part) => /^[a-z]{3,}$|^[A-Z][a-z]{2,}$|^$/.test(part))) return false;
  const pieces = word.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^A-Za-z0-9]/g) ?? [];
  return word.length / pieces.length <= longestPiece && entropyOf(word) >= leastEntropy;
}

function entropyOf(word: string): number {
  const counts = new Map<string, number>();
  for (const letter of word) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / word.length) * Math.log2(count / word.length);
  return bits;
}
