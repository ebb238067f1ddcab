// The id of a new session, from which its file and so its tab have their name: what was started, when, and a random part
// that makes it nobody else's.

const longestWords = 40;

/** @param random hex digits */
export function sessionIdFor(title: string, startedAt: Date, random: string): string {
  // A variable before a command often is a secret, and a file's name is seen by many.
  const command = title.replace(/^(?:\s*[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S*)\s+)+/, "");
  const words = command
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, longestWords)
    .replace(/^-+|-+$/g, "");
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${startedAt.getFullYear()}${two(startedAt.getMonth() + 1)}${two(startedAt.getDate())}`;
  const time = `${two(startedAt.getHours())}${two(startedAt.getMinutes())}${two(startedAt.getSeconds())}`;
  return [words || "run", `${day}-${time}`, random].join("_");
}
