import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fileId,
  parseTraceFileName,
  safeId,
  safeIdMaxBytes,
  type TakenId,
  traceFileNames,
} from "../../src/trace/safeId";

const sha256Hex = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");
const hashOf = (text: string) => sha256Hex(text).slice(0, 8);

describe("safeId", () => {
  it.each([
    ["ses_1", "ses_1"],
    ["a/b\\c.d:e", "a_b_c_d_e"],
    ["../..", "_____"],
    ["", "unknown"],
    [".", "_"],
    ["ünïcode 漢", "ünïcode 漢"],
  ])("makes %j the name %j", (raw, safe) => {
    expect(safeId(raw)).toBe(safe);
  });

  it("never leaves a character that leads out of the directory, and changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (raw) => {
        expect(safeId(raw)).toMatch(/^[^/\\.:]+$/su);
        expect(safeId(safeId(raw))).toBe(safeId(raw));
      }),
    );
  });
});

describe("fileId", () => {
  const none: TakenId[] = [];
  it.each<[string, string, TakenId[], string]>([
    ["a free id as it is", "ses_1", none, "ses_1"],
    ["its own id again", "a/b", [{ safeId: "a_b", rawId: "a/b" }], "a_b"],
    ["an id taken by another raw id", "a/b", [{ safeId: "a_b", rawId: "a.b" }], `a_b~${hashOf("a/b")}`],
    ["an id that differs by case alone", "Ses", [{ safeId: "ses", rawId: "ses" }], `Ses~${hashOf("Ses")}`],
    [
      "an id that differs by Unicode form alone",
      "e\u0301",
      [{ safeId: "\u00e9", rawId: "\u00e9" }],
      `e\u0301~${hashOf("e\u0301")}`,
    ],
    ["a file that tells no raw id but is named like it", "ses", [{ safeId: "ses" }], "ses"],
    ["a file that tells no raw id and is not named like it", "a/b", [{ safeId: "a_b" }], `a_b~${hashOf("a/b")}`],
    ["a name that Windows reserves", "CON", none, `CON~${hashOf("CON")}`],
    ["a reserved name with a superscript digit", "com\u00b9", none, `com\u00b9~${hashOf("com\u00b9")}`],
    ["a name that only begins like a reserved one", "console", none, "console"],
    ["characters that Windows refuses", 'a<b>"c|d?e*f', none, `a_b__c_d_e_f~${hashOf('a<b>"c|d?e*f')}`],
    ["control characters", "a\u0000b\n", none, `a_b_~${hashOf("a\u0000b\n")}`],
    ["a space at the end", "a ", none, `a_~${hashOf("a ")}`],
  ])("takes %s", (_, raw, taken, expected) => {
    expect(fileId(raw, taken, sha256Hex)).toBe(expected);
  });

  it("cuts a long id between characters and keeps within the limit", () => {
    const id = fileId("漢".repeat(100), none, sha256Hex);
    expect(id).toBe(`${"漢".repeat(37)}~${hashOf("漢".repeat(100))}`);
    expect(Buffer.byteLength(id)).toBeLessThanOrEqual(safeIdMaxBytes);
    expect(fileId("x".repeat(safeIdMaxBytes), none, sha256Hex)).toBe("x".repeat(safeIdMaxBytes));
  });

  it("keeps two ids with lone surrogates apart", () => {
    expect(fileId("a\ud800", none, () => "11111111")).toBe("a_~11111111");
    expect(fileId("a\u{1f600}", none, sha256Hex)).toBe("a\u{1f600}");
  });

  it("takes more digits when even the hashed name is another's", () => {
    const taken = [
      { safeId: "a_b", rawId: "a.b" },
      { safeId: `a_b~${hashOf("a/b")}`, rawId: "stranger" },
    ];
    expect(fileId("a/b", taken, sha256Hex)).toBe(`a_b~${sha256Hex("a/b").slice(0, 16)}`);
  });

  it("gives every session a name of its own, also where case does not count, and the same one again", () => {
    const rawIds = fc.uniqueArray(fc.string({ unit: fc.constantFrom("a", "A", ".", "/", "é", "e\u0301", "~") }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(rawIds, (ids) => {
        const taken: TakenId[] = [];
        for (const rawId of ids) taken.push({ rawId, safeId: fileId(rawId, taken, sha256Hex) });
        const folded = taken.map((id) => id.safeId.normalize("NFC").toLowerCase());
        expect(new Set(folded).size).toBe(ids.length);
        for (const { rawId, safeId: name } of taken) expect(fileId(rawId ?? "", taken, sha256Hex)).toBe(name);
      }),
    );
  });
});

describe("parseTraceFileName", () => {
  it.each([
    ["ses_1.json", "snapshot ses_1"],
    ["a.b.json", "snapshot a.b"],
    ["ses_1.3.journal.ndjson", "journal ses_1 3"],
    ["a.b.12.journal.ndjson", "journal a.b 12"],
    ["ses_1.live", "live ses_1"],
    ["ses_1.crash", "crash ses_1"],
    ["ses_1.seen", "seen ses_1"],
    ["ses_1.json.tmp.1795167000000.k3x9qa", "temp ses_1"],
    ["ses_1.json.tmp.1.2.x.json", "temp ses_1"],
    ["ses_1.0.journal.ndjson", "other"],
    ["ses_1.01.journal.ndjson", "other"],
    ["ses_1.journal.ndjson", "other"],
    ["ses_1.ndjson", "other"],
    [".json", "other"],
    [".gitignore", "other"],
    ["._ses_1.json", "other"],
    ["runs/ses_1.json", "other"],
    ["ses_1.json~", "other"],
    ["ses_1", "other"],
    ["", "other"],
  ])("reads %j as %s", (name, expected) => {
    expect(Object.values(parseTraceFileName(name)).join(" ")).toBe(expected);
  });

  it("reads every name that is made", () => {
    const ids = fc.string({ unit: "binary", minLength: 1 }).map((raw) => fileId(raw, [], sha256Hex));
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 1_000_000 }), (id, k) => {
        expect(parseTraceFileName(traceFileNames.snapshot(id))).toEqual({ type: "snapshot", safeId: id });
        expect(parseTraceFileName(traceFileNames.journal(id, k))).toEqual({
          type: "journal",
          safeId: id,
          incarnation: k,
        });
        expect(parseTraceFileName(traceFileNames.live(id))).toEqual({ type: "live", safeId: id });
        expect(parseTraceFileName(traceFileNames.crash(id))).toEqual({ type: "crash", safeId: id });
        expect(parseTraceFileName(traceFileNames.seen(id))).toEqual({ type: "seen", safeId: id });
        expect(parseTraceFileName(traceFileNames.temp(id, 1, k, "i"))).toEqual({ type: "temp", safeId: id });
      }),
    );
  });
});
