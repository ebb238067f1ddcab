// Secrets that are known by how they look, wherever they stand in a text. Each pattern takes time that grows with the text
// alone: what repeats is bounded, and begins where a word begins.

import { maskText } from "../trace/maskedText";
import { isRandom } from "./randomText";
import { isSecretName } from "./secretNames";

export const maskReasons = [
  "secret name",
  "known secret",
  "private key",
  "key of a service",
  "JSON Web Token",
  "credentials of a request",
  "password in an address",
  "card number",
  "random text",
  "nested too deep",
] as const;
export type MaskReason = (typeof maskReasons)[number];

export interface ShapeOptions {
  /** The text is an id, which may well look random. */
  readonly isId?: boolean | undefined;
  onMask(reason: MaskReason): void;
}

/** A shorter text holds none of them. */
const shortest = 6;

export function maskShapes(text: string, { isId = false, onMask }: ShapeOptions): string {
  if (text.length < shortest) return text;
  const mask = (reason: MaskReason) => {
    onMask(reason);
    return maskText;
  };
  const masked = maskAssignments(
    maskPrivateKeys(text, () => mask("private key")),
    () => mask("secret name"),
  )
    .replace(serviceKey, () => mask("key of a service"))
    .replace(webToken, () => mask("JSON Web Token"))
    .replace(addressPassword, (all: string, start: string, value: string) =>
      value === maskText ? all : `${start}${mask("password in an address")}@`,
    )
    .replace(credentials, (all: string, scheme: string, value: string) =>
      /\d/.test(value) ? `${scheme}${mask("credentials of a request")}` : all,
    )
    .replace(digits, (all) => (isCardNumber(all) ? mask("card number") : all));
  return isId ? masked : masked.replace(word, (all) => (isRandom(all) ? mask("random text") : all));
}

/** As their makers tell them, and as scanners of repositories look for them. */
const serviceKey = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    "(?:AKIA|ASIA)[0-9A-Z]{16}",
    "gh[opsru]_[A-Za-z0-9]{36,255}",
    "github_pat_[A-Za-z0-9_]{22,255}",
    "glpat-[\\w-]{20,255}",
    "xox[abeoprs]-[\\w-]{10,255}",
    "sk-[A-Za-z0-9_-]{20,255}",
    "(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,255}",
    "AIza[\\w-]{35}",
    "ya29\\.[\\w-]{20,255}",
    "npm_[A-Za-z0-9]{36}",
    "pypi-[\\w-]{50,255}",
    "hf_[A-Za-z0-9]{30,255}",
    "SG\\.[\\w-]{16,64}\\.[\\w-]{16,128}",
    "dop_v1_[a-f0-9]{64}",
    "tr_(?:dev|prod|stg|preview)_[A-Za-z0-9]{16,255}",
    "lsv2_[a-z]{2}_[A-Za-z0-9_]{30,255}",
  ].join("|")})`,
  "g",
);

const webToken = /(?<![\w-])eyJ[\w-]{5,4096}\.eyJ[\w-]{5,8192}(?:\.[\w-]{0,4096})?/g;
const addressPassword = /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,200}:)([^\s/@]{1,200})@/gi;
const credentials = /(?<!\w)((?:bearer|basic)\s{1,3})([\w.~+/=-]{8,4096})/gi;
const digits = /(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-])/g;
const word = /(?<![\w+/=-])[\w+/=-]{24,128}(?![\w+/=-])/g;

/** A name, what assigns, and the quotes that the value begins with; within text of JSON they have a backslash before them. */
const assigned = /(?<![\w.-])([A-Za-z_][\w.-]{0,79})\\{0,3}["']?\s{0,3}[:=]\s{0,3}(\\{0,3}["'])?/g;
const quotedValue = (quote: string) =>
  new RegExp(`(?:(?!${quote.replaceAll("\\", "\\\\")})(?:\\\\.|[^\\\\\n])){1,4096}`, "y");
const bareValue = /[^\s"'`,;&|<>(){}[\]\\]{4,4096}/y;

/** Only behind a name that is secret is a value looked for: what stands in other quotes is looked at for itself. */
function maskAssignments(text: string, mask: () => string): string {
  let masked = "";
  let done = 0;
  assigned.lastIndex = 0;
  for (let found = assigned.exec(text); found !== null; found = assigned.exec(text)) {
    const [all, name = "", quote] = found;
    if (!isSecretName(name)) continue;
    const value = quote === undefined ? bareValue : quotedValue(quote);
    const from = found.index + all.length;
    value.lastIndex = from;
    const [secret] = value.exec(text) ?? [];
    if (secret === undefined) continue;
    assigned.lastIndex = from + secret.length;
    if (isPlain(secret) || (quote === undefined && !isLiteral(name, secret))) continue;
    masked += text.slice(done, from) + mask();
    done = from + secret.length;
  }
  return masked + text.slice(done);
}

/** Code and prose speak of passwords without one: a value is a literal, or the name is that of a variable of a shell. */
function isLiteral(name: string, value: string): boolean {
  if (/^[A-Z][A-Z0-9_]+$/.test(name)) return true;
  return value.length >= 6 && /\d/.test(value) && /[^\d.]/.test(value);
}

/** It stands for a value, or is masked already. */
function isPlain(value: string): boolean {
  return /^[$%]|^\*+$|^x+$/i.test(value) || plainValues.has(value.toLowerCase()) || value.includes(maskText);
}

const plainValues: ReadonlySet<string> = new Set([
  "true",
  "false",
  "null",
  "none",
  "undefined",
  "string",
  "required",
  "bearer",
  "basic",
]);

const beginning = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const ending = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** One that is cut off is masked to the end of what looks like it. */
function maskPrivateKeys(text: string, mask: () => string): string {
  let masked = "";
  let done = 0;
  beginning.lastIndex = 0;
  for (let found = beginning.exec(text); found !== null; found = beginning.exec(text)) {
    ending.lastIndex = found.index;
    const end = ending.exec(text);
    const to = end === null ? endOfBase64(text, beginning.lastIndex) : end.index + end[0].length;
    masked += text.slice(done, found.index) + mask();
    done = to;
    beginning.lastIndex = to;
  }
  return masked + text.slice(done);
}

function endOfBase64(text: string, from: number): number {
  const more = /[^A-Za-z0-9+/=\s\\:,.-]/g;
  more.lastIndex = from;
  return more.exec(text)?.index ?? text.length;
}

/** The lengths and first digits of the large issuers, and Luhn's check. */
function isCardNumber(text: string): boolean {
  const number = text.replace(/\D/g, "");
  const isIssued =
    /^(?:4\d{15}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01]|720)\d{12,13}|3[47]\d{13}|6(?:011|5\d\d)\d{12})$/.test(number);
  if (!isIssued) return false;
  let sum = 0;
  for (let at = 0; at < number.length; at++) {
    const digit = Number(number[number.length - 1 - at]);
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
