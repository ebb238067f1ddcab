// Which names say that their value is secret, and which that it is an id, whichever way they are written: `apiKey`,
// `X-Api-Key`, `OPENAI_API_KEY`.

const secretWords: ReadonlySet<string> = new Set([
  "password",
  "passwd",
  "pwd",
  "passphrase",
  "secret",
  "secrets",
  "token",
  "authorization",
  "cookie",
  "cookies",
  "credential",
  "credentials",
  "apikey",
  "jwt",
  "bearer",
]);

/** Before `key` alone; a key of a map or a keyboard is none. */
const secretKeys: ReadonlySet<string> = new Set([
  "api",
  "access",
  "account",
  "auth",
  "encryption",
  "master",
  "private",
  "secret",
  "service",
  "shared",
  "signing",
  "subscription",
]);

/** Before `token`: where to go on, and what models count. */
const plainTokens: ReadonlySet<string> = new Set([
  "bos",
  "continuation",
  "eos",
  "max",
  "next",
  "pad",
  "page",
  "special",
  "stop",
]);

const idWords: ReadonlySet<string> = new Set([
  "checksum",
  "digest",
  "etag",
  "fingerprint",
  "hash",
  "id",
  "ids",
  "integrity",
  "sha",
  "sha256",
  "uuid",
]);

export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  const before = words.at(-2) ?? "";
  if (last === "key") return secretKeys.has(before);
  if (last === "token") return !plainTokens.has(before);
  return secretWords.has(last);
}

/** Random letters are what such a value is made of. */
export function isIdName(name: string): boolean {
  return idWords.has(wordsOf(name).at(-1) ?? "");
}

/** Longer ones are no names, but data. */
const longestName = 200;

function wordsOf(name: string): readonly string[] {
  return name
    .slice(-longestName)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}
