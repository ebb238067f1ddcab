// The id of a session that is run here, and so the name of its file: what was run, when, and a random part that makes it
// nobody else's.

import { randomBytes } from "node:crypto";
import { basename } from "node:path";

const longestWords = 40;
const mostWords = 3;

/** @param words of the command, of which the id takes no options and no values: they may be secrets */
export function sessionIdFor(
  words: readonly string[],
  title: string | undefined,
  startedAt = new Date(),
  random = randomBytes(2).toString("hex"),
): string {
  const name = slug(title ?? "") || slug(plainWords(words).join(" ")) || "run";
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${startedAt.getFullYear()}${two(startedAt.getMonth() + 1)}${two(startedAt.getDate())}`;
  const time = `${two(startedAt.getHours())}${two(startedAt.getMinutes())}${two(startedAt.getSeconds())}`;
  return `${name}_${day}-${time}_${random}`;
}

/** The program's name and what follows it up to the first option: "npm run build", "node app.js". */
function plainWords([program = "", ...rest]: readonly string[]): string[] {
  const plain = [basename(program.replaceAll("\\", "/"))];
  for (const word of rest) {
    if (plain.length === mostWords || !/^[\w./:@\\][\w./:@\\-]*$/.test(word)) break;
    plain.push(basename(word.replaceAll("\\", "/")));
  }
  return plain;
}

function slug(text: string): string {
  const words = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  return words.slice(0, longestWords).replace(/^-+|-+$/g, "");
}
