import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edgeBytes } from "../../src/store/fileEdges";
import { listSnapshot, type SnapshotListing } from "../../src/store/snapshotListing";
import { edgesOf, largeBytes, makeTrace } from "./support";

const samples = resolve(import.meta.dirname, "../fixtures/trace-v2");

async function list(value: unknown): Promise<SnapshotListing> {
  return listSnapshot(await edgesOf(typeof value === "string" ? value : JSON.stringify(value)));
}

function pick(listing: SnapshotListing) {
  const { problem, claimedStatus, rootOpen, title, totalTokens, truncated } = listing;
  return { problem: problem?.code, claimedStatus, rootOpen, title, totalTokens, truncated };
}

describe("listing a snapshot from its ends", () => {
  it("reads what the samples claim, and what is wrong with the damaged ones", async () => {
    const lines: string[] = [];
    for (const name of (await readdir(samples)).filter((name) => name.endsWith(".json")).sort()) {
      const { problem, claimedStatus, rootOpen, title, totalTokens } = pick(
        listSnapshot(await edgesOf(await readFile(join(samples, name)))),
      );
      lines.push(
        `${name}: ${claimedStatus} root ${rootOpen ? "open" : "closed"} ${totalTokens} “${title}” ${problem ?? ""}`.trim(),
      );
    }
    expect(lines.join("\n")).toMatchInlineSnapshot(`
      "ses_completed_tax_rounding.json: completed root closed 362080 “Fix tax rounding”
      ses_crashed_migration.json: crashed root closed 199919 “Migrate warehouse”
      ses_damaged_empty.json: undefined root closed undefined “undefined” empty-file
      ses_damaged_nul_tail.json: undefined root closed undefined “Fix tax rounding” nul-bytes
      ses_damaged_truncated.json: undefined root closed undefined “Fix tax rounding” truncated
      ses_failed_dbt_build.json: error root closed 158923 “Build revenue mart”
      ses_live_refactor.json: completed root open 134103 “Refactor router”
      ses_loop_same_call.json: error root closed 7440 “Loop”
      ses_two_bursts_7h.json: completed root closed 176427 “Overnight backfill”"
    `);
  });

  it.each([
    ["compact", (trace: unknown) => JSON.stringify(trace)],
    ["indented", (trace: unknown) => JSON.stringify(trace, undefined, 2)],
    ["followed by blank lines", (trace: unknown) => `${JSON.stringify(trace)}\n\n \t`],
    ["with a byte order mark", (trace: unknown) => `\ufeff${JSON.stringify(trace)}`],
  ])("finds the summary of a large file that is %s", async (_, print) => {
    const listing = await list(print(makeTrace("a", { status: "error", padding: largeBytes })));
    expect(pick(listing)).toEqual({
      problem: undefined,
      claimedStatus: "error",
      rootOpen: false,
      title: "Title of a",
      totalTokens: 1234,
      truncated: false,
    });
    expect(listing.failures).toBeUndefined();
  });

  it("takes the document's own summary and not one within a span", async () => {
    const trace = makeTrace("a", { status: "completed", padding: largeBytes });
    (trace["spans"] as unknown[]).push({
      spanId: "last",
      parentSpanId: "root",
      kind: "tool",
      name: "read",
      startTime: 1,
      status: "ok",
      output: { metadata: { a: 1 }, summary: { status: "crashed", totalTokens: 9 }, version: 1 },
      input: JSON.stringify({ summary: { status: "crashed" } }),
    });
    expect((await list(trace)).claimedStatus).toBe("completed");
  });

  it("reads a summary that stands before the spans", async () => {
    const { summary, spans, ...rest } = makeTrace("a", { status: "error", padding: largeBytes });
    const listing = await list({ ...rest, summary, spans });
    expect(pick(listing)).toMatchObject({ claimedStatus: "error", rootOpen: false, totalTokens: 1234 });
  });

  it("reads metadata and ids that stand behind the spans", async () => {
    const { spans, version, ...rest } = makeTrace("a", { padding: largeBytes });
    const listing = await list({ version, spans, ...rest });
    expect(listing).toMatchObject({ sessionId: "a", title: "Title of a", claimedStatus: "completed", rootOpen: false });
    expect(listing.startedMs).toBe(1_795_170_000_000);
  });

  it("reads the status of a summary whose beginning is not in the tail", async () => {
    const trace = makeTrace("a", { padding: largeBytes });
    const narrative = "n".repeat(2 * edgeBytes);
    trace["summary"] = {
      totalTokens: 5,
      narrative,
      status: "crashed",
      error: "Killed",
      topTools: [{ name: "bash", count: 1 }],
    };
    expect(await list(trace)).toMatchObject({
      claimedStatus: "crashed",
      claimedError: "Killed",
      totalTokens: undefined,
    });
    trace["summary"] = { totalTokens: 5, narrative, status: "crashed" };
    trace["writer"] = { instance: "i", incarnation: 1, seq: 4, offsetBytes: 100 };
    expect(await list(trace)).toMatchObject({ claimedStatus: "crashed", writer: { instance: "i" } });
    trace["summary"] = { status: "error", totalTokens: 5, narrative };
    expect(await list(trace)).toMatchObject({ claimedStatus: undefined, isTrace: true, problem: undefined });
  });

  it("knows that it does not know whether a root is open whose end is not in the head", async () => {
    const prompt = "Please mend this log:\n".repeat(400);
    const listing = await list(makeTrace("a", { prompt, padding: largeBytes, open: true }));
    expect(listing.rootOpen).toBeUndefined();
    expect(listing.prompt).toBe("Please mend this log:");
  });

  it("takes a title and the first line of a prompt that are cut by the end of the head", async () => {
    const listing = await list(
      makeTrace("a", { prompt: `\n\n  First – line \n${'"é\\ \n'.repeat(3000)}`, padding: 1 }),
    );
    expect(listing).toMatchObject({ title: "Title of a", prompt: "First – line", claimedStatus: "completed" });
    const long = await list(makeTrace("a", { prompt: "🙂".repeat(9000) }));
    expect([...(long.prompt ?? "")]).toHaveLength(200);
  });

  it("counts the spans of a file that is read whole", async () => {
    const trace = makeTrace("a", { open: true });
    (trace["spans"] as unknown[]).push(
      { spanId: "1", parentSpanId: "root", kind: "tool", name: "a", startTime: 1, endTime: 2, status: "error" },
      {
        spanId: "2",
        parentSpanId: "root",
        kind: "tool",
        name: "a",
        startTime: 1,
        endTime: 2,
        status: "error",
        interrupted: true,
      },
      { spanId: "3", parentSpanId: "root", kind: "generation", name: "a", startTime: 1, status: "ok" },
    );
    expect(await list(trace)).toMatchObject({ openSpans: 2, openGenerations: 1, rootOpen: true });
  });

  it.each([
    ["", "empty-file"],
    ["\0\0\0\0", "nul-bytes"],
    [`${JSON.stringify(makeTrace("a")).slice(0, 500)}\0\0\0`, "nul-bytes"],
    ["hello world", "syntax"],
    ["   ", "syntax"],
    ["[1, 2, 3]", "not-a-trace"],
    ["null", "not-a-trace"],
    ['"text"', "not-a-trace"],
    ["{}", "not-a-trace"],
    ['{"name":"package","version":"1.0.0"}', "not-a-trace"],
    ['{"traceEvents":[]}', "not-a-trace"],
    [`[${"1,".repeat(largeBytes)}1]`, "not-a-trace"],
    [`{"a":"${"x".repeat(largeBytes)}"}`, "not-a-trace"],
    ["{", "truncated"],
    ['{"version": 2, "traceId": "t", "sess', "truncated"],
    [JSON.stringify(makeTrace("a", { padding: largeBytes })).slice(0, -300), "truncated"],
    [JSON.stringify(makeTrace("a")).replace('"spans":[', '"spans":[,'), "syntax"],
    [JSON.stringify({ ...makeTrace("a"), version: 3 }), "newer-version"],
    [JSON.stringify(makeTrace("a")), undefined],
    [JSON.stringify(makeTrace("a", { padding: largeBytes })), undefined],
    ['{"version":2,"traceId":"t","sessionId":"s"}', undefined],
  ])("names what is wrong with %.40j", async (text, code) => {
    expect((await list(text)).problem?.code).toBe(code);
  });

  it("says the same of a file that is read whole and of its ends, whatever the order of the keys", async () => {
    const text = fc.string({ unit: "binary", maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        fc.constantFrom("completed", "error", "running", "crashed"),
        fc.boolean(),
        fc.shuffledSubarray(
          ["version", "traceId", "sessionId", "startedAt", "endedAt", "metadata", "spans", "summary"],
          { minLength: 8 },
        ),
        async (title, prompt, status, open, order) => {
          const small = makeTrace("a", { title, prompt, status, open });
          const large = makeTrace("a", { title, prompt, status, open, padding: largeBytes });
          const print = (trace: Record<string, unknown>) =>
            JSON.stringify(Object.fromEntries(order.map((key) => [key, trace[key]])));
          const known = ({
            sessionId,
            title,
            prompt,
            claimedStatus,
            startedMs,
            claimedEndMs,
            rootOpen,
            totalCost,
            problem,
          }: SnapshotListing) => ({
            sessionId,
            title,
            prompt,
            claimedStatus,
            startedMs,
            claimedEndMs,
            rootOpen,
            totalCost,
            problem,
          });
          expect(known(await list(print(large)))).toEqual(known(await list(print(small))));
        },
      ),
    );
  });

  it("survives any bytes and any prefix of a trace", async () => {
    const trace = new TextEncoder().encode(JSON.stringify(makeTrace("a", { prompt: 'Ünï"\\code 🙂', padding: 9000 })));
    await fc.assert(
      fc.asyncProperty(fc.nat(trace.length), fc.uint8Array({ maxLength: 40 }), async (length, noise) => {
        const cut = listSnapshot(await edgesOf(trace.subarray(0, length)));
        expect(cut.problem === undefined).toBe(length === trace.length);
        listSnapshot(await edgesOf(noise));
        const damaged = trace.slice();
        damaged.set(noise, Math.min(length, trace.length - noise.length));
        listSnapshot(await edgesOf(damaged));
      }),
    );
  });
});
