// docs/trace-format.md is a contract, so what it shows is checked: its journal is read by our reader and written again by
// our encoder to the same bytes, and its tables name all that the code knows.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../src/trace/journal";
import { encodeRecord } from "../../src/trace/journalFrame";
import {
  type JournalHeader,
  type JournalRecord,
  journalHeaderSchema,
  journalRecordSchemas,
} from "../../src/trace/journalRecord";
import { spanKinds, traceFileSchema, traceSpanSchema, writerSchema } from "../../src/trace/schema";
import { concat } from "./journalLines";

const page = readFileSync(new URL("../../docs/trace-format.md", import.meta.url), "utf8");
const example = /```ndjson\n([\s\S]*?)```/.exec(page)?.[1] ?? "";

function section(title: string): string {
  const start = page.indexOf(`\n${title}\n`);
  expect(start, title).toBeGreaterThan(0);
  const level = title.split(" ")[0] ?? "";
  const end = page.slice(start + title.length + 2).search(new RegExp(`^#{1,${level.length}} `, "m"));
  return end < 0 ? page.slice(start) : page.slice(start, start + title.length + 2 + end);
}

describe("docs/trace-format.md", () => {
  it("shows a journal that reads without a problem", () => {
    const { records, problems, facts } = readJournal(concat([example]), "ses_42.1.journal.ndjson");
    expect(problems).toEqual([]);
    expect(records.map(({ record }) => record.t)).toEqual(["begin", "begin", "end", "finish"]);
    expect(facts).toMatchObject({ instance: "k3x9qa7f", ended: { status: "error", timeMs: 1795167006040 } });
  });

  it("shows the lines that the encoder writes, byte for byte", () => {
    const written = example
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { s: seq, w: wallMs, m: monoMs, i: tag, c: _, ...record } = JSON.parse(line);
        return encodeRecord(record as JournalRecord | JournalHeader, { seq, wallMs, monoMs, tag });
      });
    expect(new TextDecoder().decode(concat(written))).toBe(example);
  });

  it("names every record type and every field of the header", () => {
    const records = section("### Records");
    for (const type of Object.keys(journalRecordSchemas)) expect(records).toContain(`\`${type}\``);
    const header = section("### Header");
    for (const field of Object.keys(journalHeaderSchema.shape).filter((name) => name !== "t")) {
      expect(header).toMatch(new RegExp(`\`${field}\\??\``));
    }
  });

  it("names every field of a trace, a span and a writer", () => {
    const trace = section("## Trace v2");
    const fields = [traceFileSchema, traceSpanSchema, writerSchema].flatMap(({ shape }) => Object.keys(shape));
    for (const name of [...fields, ...spanKinds]) expect(trace).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
