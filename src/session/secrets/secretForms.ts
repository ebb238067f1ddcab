// How a secret reads where it was written into something else: JSON, an address, a form, a regular expression, a header.
// A form is added wherever our own steps write values, or what answers them is known to do so.

import { RE2JS } from "re2js";
import { escapedInPath } from "../playbook/escapedInPath";

/** A shorter one would be masked wherever its letters happen to stand. */
export const shortestSecret = 4;
/** Lines of a longer value, such as a key in PEM, are secrets of their own from this length on. */
const shortestLine = 8;

/** None for what is too short; the same one may come twice. */
export function* formsOf(secret: string): Generator<string> {
  if (secret.length < shortestSecret) return;
  for (const part of [secret, ...partsOf(secret)]) {
    for (const form of [part, ...writtenForms(part)]) {
      yield form;
      yield JSON.stringify(form).slice(1, -1);
    }
  }
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

function* writtenForms(part: string): Generator<string> {
  yield RE2JS.quote(part);
  yield escapedInPath(part);
  // Headers come as bytes, each of which is taken for a letter.
  yield Buffer.from(part).toString("latin1");
  for (const encoded of [...percentForms(part), ...addressForms(part)]) {
    yield encoded;
    yield encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  }
}

// What stays as it is, by the URL standard's sets for fragments, queries, paths (older and newer) and user names, by that
// of forms, by RFC 3986, and by `encodeURIComponent`, alone and in a query.
const keptLetters: readonly RegExp[] = [
  /[!#-;=?-_a-~]/,
  /[!$-;=?-~]/,
  /[!$-&(-;=?-~]/,
  /[!$-;=@-_a-z|~]/,
  /[!$-;=@-\]_a-z|~]/,
  /[!$-.0-9A-Z_a-z~]/,
  /[*\-.0-9A-Z_a-z]/,
  /[-.0-9A-Z_a-z~]/,
  /[!'-*\-.0-9A-Z_a-z~]/,
  /[!(-*\-.0-9A-Z_a-z~]/,
];

function* percentForms(part: string): Generator<string> {
  for (const kept of keptLetters) {
    const encoded = [...part].map((letter) => (kept.test(letter) ? letter : percentEncoded(letter))).join("");
    yield encoded;
    // As forms write a blank.
    yield encoded.replaceAll("%20", "+");
  }
}

function percentEncoded(letter: string): string {
  return [...Buffer.from(letter)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
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
