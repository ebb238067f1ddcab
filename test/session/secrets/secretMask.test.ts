import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillPath } from "../../../src/session/playbook/jsonPath";
import { fillExpression } from "../../../src/session/playbook/regularExpression";
import { MaskedStream } from "../../../src/session/secrets/maskedStream";
import { SecretMask } from "../../../src/session/secrets/secretMask";

/** The obvious way: every character of an occurrence is gone, and occurrences that overlap are one. */
function obviously(text: string, secrets: readonly string[]): string {
  const found: { from: number; to: number }[] = [];
  for (let at = 0; at < text.length; at++) {
    const ends = secrets.filter((secret) => text.startsWith(secret, at)).map(({ length }) => at + length);
    if (ends.length === 0) continue;
    const to = Math.max(...ends);
    const last = found.at(-1);
    if (last !== undefined && at < last.to) last.to = Math.max(last.to, to);
    else found.push({ from: at, to });
  }
  let masked = "";
  let end = 0;
  for (const { from, to } of found) {
    masked += `${text.slice(end, from)}•••`;
    end = to;
  }
  return masked + text.slice(end);
}

function inPieces(mask: SecretMask, bytes: Buffer, cuts: readonly number[]): string {
  const stream = new MaskedStream(mask);
  const out: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    out.push(Buffer.from(stream.add(bytes.subarray(from, cut))));
    from = cut;
  }
  out.push(stream.end());
  return Buffer.concat(out).toString();
}

describe("SecretMask", () => {
  it("masks a value as it is, in JSON and in URLs, and each longer line of one with several", () => {
    const mask = new SecretMask(['pa"ss\nword one', "-----BEGIN-----\nabcdefghijk\nxyz\n-----END-----"]);
    expect(mask.text('it is pa"ss\nword one.')).toBe("it is •••.");
    expect(mask.text(JSON.stringify({ key: 'pa"ss\nword one' }))).toBe('{"key":"•••"}');
    expect(mask.text("?q=pa%22ss%0Aword%20one&r=pa%22ss%0Aword+one")).toBe("?q=•••&r=•••");
    expect(mask.text("line abcdefghijk, and xyz")).toBe("line •••, and xyz");
  });

  const signs = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

  it("masks a value as forms, queries, paths and user names of addresses write it, whatever the case of their digits", () => {
    const secret = `pw${signs}é€`;
    const mask = new SecretMask([secret]);
    const form = new URLSearchParams([["x", secret]]).toString();
    expect(mask.text(form)).toBe("x=•••");
    expect(mask.text(form.replaceAll(/%../g, (code) => code.toLowerCase()))).toBe("x=•••");
    const url = new URL(`http://host/?x=${encodeURIComponent(secret)}`);
    expect(mask.text(url.href)).toBe("http://host/?x=•••");
    url.searchParams.append("more", "1");
    expect(mask.text(url.href)).toBe("http://host/?x=•••&more=1");
    const plain = secret.replaceAll(/[?#/\\]/g, "");
    const others = new SecretMask([plain]);
    expect(others.text(new URL(`http://host/${plain}`).pathname)).toBe("/•••");
    expect(others.text(new URL(`http://host/?${plain}`).search)).toBe("?•••");
    expect(others.text(new URL(`other://host/?${plain}`).search)).toBe("?•••");
    expect(others.text(new URL(`http://host/#${plain}`).hash)).toBe("#•••");
    const named = new URL("http://host/");
    named.username = plain;
    expect(others.text(named.href)).toBe("http://•••@host/");
  });

  it("masks an address that is secret as it is sent and as errors shorten it", () => {
    const mask = new SecretMask(["HTTPS://me:pass@Hooks.example/a b/T0?key=x y"]);
    expect(mask.text("no answer from https://hooks.example/a%20b/T0: refused")).toBe("no answer from •••: refused");
    expect(mask.text("to https://hooks.example/a%20b/T0?key=x%20y.")).toBe("to •••.");
    expect(mask.text("https://hooks.example/")).toBe("https://hooks.example/");
  });

  it("masks a value as regular expressions and JSON paths escape it, also within JSON", () => {
    const secret = "a.b+c\"'\\(d)$";
    const mask = new SecretMask([secret]);
    const values = { params: { pw: secret }, steps: new Map() };
    const filled = [fillExpression("^{pw}$", values), fillPath("$['{pw}']", values)];
    expect(filled.map((text) => mask.text(text))).toEqual(["^•••$", "$['•••']"]);
    expect(mask.text(JSON.stringify(filled))).toBe(`["^•••$","$['•••']"]`);
  });

  it("masks a value without the blanks around it, and as a header shows letters beyond ASCII", () => {
    const mask = new SecretMask(["  sk-key\n", "pässwörd", " ab  "]);
    expect(mask.text("Bearer sk-key, ab")).toBe("Bearer •••, ab");
    expect(mask.text("x-echo: pÃ¤sswÃ¶rd")).toBe("x-echo: •••");
  });

  it("masks secrets that overlap or hold each other as one, and those beside each other each", () => {
    const mask = new SecretMask(["abcd", "cdef", "xabcdefx"]);
    expect(mask.text("-abcdef-")).toBe("-•••-");
    expect(mask.text("xabcdefx")).toBe("•••");
    expect(mask.text("abcdabcd")).toBe("••••••");
  });

  it("masks texts, names and numbers of plain data, and leaves what is none of them", () => {
    const mask = new SecretMask(["12345", "hunter22"]);
    const value = { hunter22: ["x hunter22", 12345, 123456, true, null], nested: { at: 12345 } };
    expect(mask.value(value, { numbers: true })).toEqual({
      "•••": ["x •••", "•••", 123456, true, null],
      nested: { at: "•••" },
    });
    expect(mask.value(12345)).toBe(12345);
    const hostile: unknown = JSON.parse('{"__proto__": {"a": "hunter22"}}');
    expect(JSON.stringify(mask.value(hostile))).toBe('{"__proto__":{"a":"•••"}}');
  });

  it("takes nothing for a secret that is shorter than four characters", () => {
    const mask = new SecretMask(["abc", ""]);
    expect(mask.isEmpty).toBe(true);
    expect(mask.text("abc")).toBe("abc");
  });

  const letters = fc.constantFrom("a", "b", "c", "é");
  const word = fc.array(letters, { minLength: 4, maxLength: 7 }).map((each) => each.join(""));
  const text = fc.array(letters, { maxLength: 60 }).map((each) => each.join(""));

  it("finds in any text what the obvious way finds", () => {
    const plain = word.map((each) => each.replaceAll("é", "a"));
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1, maxLength: 4 }), text, (secrets, given) => {
        expect(new SecretMask(secrets).text(given)).toBe(obviously(given, secrets));
      }),
      { numRuns: 2000 },
    );
  });

  it("gives the same for a stream, wherever its pieces are cut, also in the middle of a character", () => {
    const cuts = fc.array(fc.nat(200), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), text, cuts, (secrets, given, where) => {
        const mask = new SecretMask(secrets);
        expect(inPieces(mask, Buffer.from(given), where)).toBe(mask.text(given));
      }),
      { numRuns: 5000 },
    );
  });

  it("holds back of a stream only what may be the beginning of a secret", () => {
    const stream = new MaskedStream(new SecretMask(["password"]));
    expect(stream.add(Buffer.from("Name: ")).toString()).toBe("Name: ");
    expect(stream.add(Buffer.from("pass")).toString()).toBe("");
    expect(stream.add(Buffer.from("ing")).toString()).toBe("passing");
    expect(stream.add(Buffer.from(" pass")).toString()).toBe(" ");
    expect(stream.add(Buffer.from("word!")).toString()).toBe("•••!");
    expect(stream.end().toString()).toBe("");
  });

  it("masks in a stream a secret that was told while it runs", () => {
    const mask = new SecretMask();
    const stream = new MaskedStream(mask);
    expect(stream.add(Buffer.from("later ")).toString()).toBe("later ");
    mask.add("later");
    expect(stream.add(Buffer.from("later")).toString()).toBe("•••");
  });
});
