import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MaskedStream } from "../../../src/session/secrets/maskedStream";
import { SecretMask } from "../../../src/session/secrets/secretMask";

const json = (text: string) => JSON.stringify(text).slice(1, -1);
/** As PHP, .NET and Python write what is no letter of ASCII. */
const jsonInAscii = (text: string) =>
  json(text)
    .replaceAll("/", "\\/")
    .replaceAll(/[^ -%(-*,-;=?-~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
const form = (text: string) => new URLSearchParams([["", text]]).toString().slice(1);
const html = (text: string) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
const htmlNumbers = (text: string) => text.replaceAll(/[^A-Za-z0-9 ]/gu, (letter) => `&#${letter.codePointAt(0)};`);
const htmlHex = (text: string) =>
  text.replaceAll(/[^A-Za-z0-9 ]/gu, (letter) => `&#x0${letter.codePointAt(0)?.toString(16).toUpperCase()};`);
const byBytes = (text: string, written: (byte: number) => string) =>
  text.replaceAll(/[^ -&(-[\]-~]/gu, (letter) => [...Buffer.from(letter)].map(written).join(""));
const hexEscapes = (text: string) => byBytes(text, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`);
const octalEscapes = (text: string) => byBytes(text, (byte) => `\\${byte.toString(8).padStart(3, "0")}`);
const singleQuoted = (text: string) => text.replaceAll("'", "'\\''");
const backslashed = (text: string) => text.replaceAll(/[^A-Za-z0-9_\n\x80-\uffff]/g, "\\$&");

const ways: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  JSON: json,
  "JSON in JSON": (text) => json(json(text)),
  "JSON in JSON in JSON": (text) => json(json(json(text))),
  "JSON of ASCII alone": jsonInAscii,
  "that in JSON": (text) => json(jsonInAscii(text)),
  "percent encoding": encodeURIComponent,
  "percent encoding twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "percent encoding three times": (text) => encodeURIComponent(encodeURIComponent(encodeURIComponent(text))),
  "percent encoding in small letters": (text) =>
    encodeURIComponent(text).replaceAll(/%../g, (code) => code.toLowerCase()),
  "a form": form,
  "a form, encoded again": (text) => encodeURIComponent(form(text)),
  HTML: html,
  "HTML twice": (text) => html(html(text)),
  "numbers in HTML": htmlNumbers,
  "numbers of hex in HTML": htmlHex,
  "escaped bytes in hex": hexEscapes,
  "escaped bytes in octal": octalEscapes,
  "single quotes of a shell": singleQuoted,
  "backslashes of a shell": backslashed,
};

/** What a person may take for a secret, with what is written in another way somewhere. */
const secret = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(..."abcXYZ0189") },
      { weight: 2, arbitrary: fc.constantFrom(...`!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~ `) },
      fc.constantFrom("é", "€", "ß", "漢", "😀", "\n", "\t"),
    ),
    { minLength: 4, maxLength: 16 },
  )
  .map((letters) => letters.join(""))
  // The blanks around a secret are no part of it.
  .filter((text) => text === text.trim() && text.length >= 4);

function streamed(mask: SecretMask, text: string, cuts: readonly number[]): string {
  const stream = new MaskedStream(mask);
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    out.push(Buffer.from(stream.add(bytes.subarray(from, cut))));
    from = cut;
  }
  out.push(stream.end());
  return Buffer.concat(out).toString();
}

describe("a secret that is written in another way", () => {
  it.each(Object.entries(ways))(
    "is masked in %s, wherever a stream is cut, and found in JSON of it",
    (_name, written) => {
      fc.assert(
        fc.property(secret, fc.array(fc.nat(400), { maxLength: 6 }), (value, cuts) => {
          const mask = new SecretMask([value]);
          const text = `QQ${written(value)}RR`;
          expect(mask.text(text)).toBe("QQ•••RR");
          expect(streamed(mask, text, cuts)).toBe("QQ•••RR");
          expect(mask.hides(JSON.stringify({ text }))).toBe(true);
        }),
        { numRuns: 400 },
      );
    },
  );

  /** The letters that hold a bit of the secret are masked, and no others. */
  function maskedBase64(
    before: Uint8Array,
    value: string,
    after: Uint8Array,
    encoding: "base64" | "base64url",
  ): string {
    const bytes = Buffer.from(value);
    const letters = Buffer.concat([before, bytes, after]).toString(encoding);
    const from = Math.floor((before.length * 8) / 6);
    const to = Math.ceil(((before.length + bytes.length) * 8) / 6);
    return `${letters.slice(0, from)}•••${letters.slice(to)}`;
  }

  const around = fc.uint8Array({ maxLength: 7 });

  it("is masked in Base64 and in its form for addresses, whatever stands around it, to the last bit and no further", () => {
    const cuts = fc.array(fc.nat(60), { maxLength: 6 });
    fc.assert(
      fc.property(
        secret,
        around,
        around,
        fc.constantFrom("base64", "base64url"),
        cuts,
        (value, before, after, encoding, cut) => {
          const mask = new SecretMask([value]);
          const text = Buffer.concat([before, Buffer.from(value), after]).toString(encoding);
          const expected = maskedBase64(before, value, after, encoding);
          fc.pre(expected.length < text.length);
          expect(mask.text(text)).toBe(expected);
          expect(streamed(mask, text, cut)).toBe(expected);
          expect(mask.hides(JSON.stringify({ text }))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("is masked in Base64 that is broken into lines, within JSON too, and that stands in an address", () => {
    fc.assert(
      fc.property(
        secret,
        around,
        around,
        fc.constantFrom("\n", "\r\n"),
        fc.integer({ min: 4, max: 20 }),
        (value, before, after, lineBreak, width) => {
          const mask = new SecretMask([value]);
          const letters = Buffer.concat([before, Buffer.from(value), after]).toString("base64");
          const lines = letters.replaceAll(new RegExp(`.{${width}}(?=.)`, "g"), `$&${lineBreak}`);
          const [plain = "", ...more] = mask.text(lines).split("•••");
          expect(more).toHaveLength(1);
          const outside = (plain + more[0]).replaceAll(/\s/g, "");
          expect(outside).toBe(maskedBase64(before, value, after, "base64").replace("•••", ""));
          expect(mask.hides(JSON.stringify({ lines }))).toBe(true);
          expect(mask.text(encodeURIComponent(letters))).toContain("•••");
          expect(mask.text(letters.replaceAll("/", "\\/"))).toContain("•••");
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("is masked in what proves who asks", () => {
    const mask = new SecretMask(["hunter22"]);
    const proof = `Basic ${Buffer.from("ann:hunter22").toString("base64")}`;
    expect(mask.text(`authorization: ${proof}`)).toMatch(/^authorization: Basic YW5uO•••=*$/);
  });

  it("is not taken for another text: letters and digits stand for themselves", () => {
    const mask = new SecretMask(["abcd"]);
    for (const text of ["ab%63d", "ab\\u0063d", "ab&#99;d", "ABCD", "abc", "bcd"]) expect(mask.text(text)).toBe(text);
  });

  it("is found among many others, and in a long text", () => {
    const secrets = Array.from({ length: 50 }, (_, index) => `sk-${index}-${"x".repeat(index % 7)}/${index}+é`);
    const mask = new SecretMask(secrets);
    const filler = "nothing of it\n".repeat(5000);
    for (const each of secrets) {
      const text = `${filler}<${each}> ${jsonInAscii(each)} ${form(each)}${filler}`;
      expect(mask.text(text)).toBe(`${filler}<•••> ••• •••${filler}`);
    }
  });
});
