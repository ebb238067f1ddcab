// Wherever a text is cut, also in the middle of a secret, nothing is left of that.

import { describe, expect, it } from "vitest";
import type { ActionContext, ActionServices } from "../../../src/session/actions/actionRunner";
import { ActionStop } from "../../../src/session/actions/actionStop";
import { fetchFailure, shortUrl } from "../../../src/session/actions/fetchFailure";
import { KeptOutput, mostKeptBytes } from "../../../src/session/actions/keptOutput";
import { runModel } from "../../../src/session/actions/modelRunner";
import { LaneDetectors } from "../../../src/session/guardrails/laneDetectors";
import { ProgramWatch } from "../../../src/session/guardrails/programWatch";
import { unmetExpectations } from "../../../src/session/playbook/expectations";
import { parameterValue } from "../../../src/session/playbook/parameters";
import type { Expectations } from "../../../src/session/playbook/playbook";
import { SecretMask } from "../../../src/session/secrets/secretMask";
import { StepTexts } from "../../../src/session/steps/stepTexts";
import { defaultGuardrails } from "../../../src/trace/guardrails/guardrail";

const secret = "Zq7Wk9Xv2J&5";
const mask = new SecretMask([secret]);
const masked = (text: string) => mask.text(text);

/** As everybody sees it: what leaves a run is masked as a whole. */
function partsIn(text: string): readonly string[] {
  const parts = [...Array(secret.length - 2).keys()].map((at) => secret.slice(at, at + 3));
  const shown = mask.text(text);
  return parts.filter((part) => shown.includes(part));
}

const more = ", and so on".repeat(20);

/** Before the secret: so much that one of them puts it at any cut of a text of this length. */
function fillers(length: number): readonly string[] {
  return [...Array(40).keys()].map((index) => "-".repeat(length - 35 + index));
}

describe("a cut in the middle of a secret", () => {
  const values = { params: { secret }, steps: new Map() };
  const result = { isOk: true, isSkipped: false, output: "{}" };
  const unmet = async (expected: Expectations, json: unknown) =>
    (await unmetExpectations(expected, { ...result, json }, values, async () => false, masked)).join("; ");

  it("leaves nothing of it where an expectation tells of values that differ", async () => {
    for (const filler of fillers(200)) {
      const expected: Expectations = { json: [{ path: "$.a", equals: `other ${filler}{secret}${more}` }] };
      const message = await unmet(expected, { a: `${filler}${secret}${more}` });
      expect(message).toContain("… instead of ");
      expect(partsIn(message)).toEqual([]);
    }
  });

  it("leaves nothing of it where a path or an expression that it stands in can't be read", async () => {
    expect(await unmet({ json: [{ path: "$.{secret}.", equals: 1 }] }, {})).toBe(`$.${secret}. is no JSON path`);
    expect(await unmet({ outputMatches: "[{secret}" }, {})).toMatch(/^\[\S+ is no regular expression$/);
    expect(await unmet({ outputMatches: "[a" }, {})).toBe("[a is no regular expression: missing closing ]: `[a`");
  });

  it("leaves nothing of it where the type of a parameter is told that got it from a step around", () => {
    const place = { line: 1, column: 1, endLine: 1 };
    const parameter = { name: "n", type: "number", isRequired: true, isSecret: false, place } as const;
    for (const filler of fillers(80)) {
      const found = parameterValue(parameter, `${filler}${secret}${more}`, (path) => path);
      expect(partsIn((found as { error: string }).error)).toEqual([]);
    }
  });

  it("leaves nothing of it of an output that is too long to be kept, however its pieces come, and in any of its forms", () => {
    for (const written of [secret, encodeURIComponent(secret), Buffer.from(`user:${secret}`).toString("base64")]) {
      const [before = "", after = ""] = mask.text(written).split("•••");
      for (let dropped = 0; dropped <= written.length; dropped++) {
        const kept = new KeptOutput(mask);
        const rest = Buffer.alloc(mostKeptBytes - written.length + dropped, ".");
        kept.add("stdout", Buffer.from(`dropped ${written}`));
        kept.add("stdout", rest.subarray(0, 1000));
        kept.add("stdout", rest.subarray(1000));
        const isWhole = dropped <= before.length;
        const left = isWhole ? `${before.slice(dropped)}•••${after}` : after.slice(dropped - written.length);
        const { output, wholeOutput } = kept.result();
        expect(mask.text(output).replaceAll(".", "")).toBe(dropped === written.length ? "" : left);
        expect(wholeOutput).toBe(output);
      }
    }
  });

  const modelContext = (body: string, status: number): ActionContext =>
    ({
      texts: new StepTexts({ params: {}, steps: new Map() }),
      stop: new ActionStop(),
      begin: () => undefined,
      services: {
        mask,
        fetch: async () => new Response(body, { status }),
        environment: {},
      } as unknown as ActionServices,
    }) as unknown as ActionContext;

  it("leaves nothing of it where a model's server answers with another text than was asked for", async () => {
    const input = { base_url: "http://127.0.0.1", model: "m", prompt: "p" };
    for (const filler of fillers(500)) {
      for (const status of [200, 500]) {
        const { failure = "" } = await runModel(input, modelContext(`${filler}${secret}${more}`, status));
        expect(failure).toContain("-----");
        expect(partsIn(failure)).toEqual([]);
      }
    }
  });

  it("leaves nothing of it where an address is told of without its query", () => {
    const hard = new SecretMask(["sec?ret#word"]);
    const url = hard.text("http://ann:pass@host:81/a/sec?ret#word/b?c=d#e");
    expect(shortUrl(url)).toBe("http://host:81/a/•••/b");
    expect(fetchFailure(new Error("gone"), url)).toBe("no answer from http://host:81/a/•••/b: gone");
    expect(shortUrl(hard.text("sec?ret#word"))).toBe("•••");
  });

  it("leaves nothing of it where a guardrail names what a program does", () => {
    for (const filler of fillers(100)) {
      const told: string[] = [];
      const watch = new ProgramWatch({
        detectors: new LaneDetectors(defaultGuardrails, 0),
        spanId: "",
        prefix: "",
        nowMs: () => 0,
        mask,
        tell: ({ message }) => told.push(message),
      });
      const input = { command: `${filler}${secret}${more}` };
      const span = { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 0, endTime: 1 } as const;
      const mapped = { traceId: "t", span: { ...span, status: "error", input }, usage: undefined, resource: undefined };
      for (let times = 0; times < 5; times++) watch.take([{ id: "a", mapped: mapped as never, counted: {} as never }]);
      expect(told.join("\n")).toContain('"bash -----');
      expect(partsIn(told.join("\n"))).toEqual([]);
    }
  });
});
