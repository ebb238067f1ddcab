// Whatever a server answers, and wherever a process is killed, the state keeps what the protocol promises.

import fc from "fast-check";
import { expect, it } from "vitest";
import { applyRecord, type BatchState, idle, nextStep } from "../../src/publish/batchState";
import { type Family, outcomes, type PublishRecord } from "../../src/publish/publishRecord";
import { checkBaseUrl, UploadApi } from "../../src/publish/uploadApi";
import { SteppingClock } from "./publishClock";

const answer = fc.record({
  outcome: fc.constantFrom(...outcomes),
  status: fc.constantFrom(undefined, 200, 401, 404, 429, 500),
  hasId: fc.boolean(),
  /** Killed after the request, without a record of its answer. */
  isKilled: fc.nat(5).map((draw) => draw === 0),
});

it("asks for nothing but what follows from what the server has confirmed", () => {
  fc.assert(
    fc.property(
      fc.array(answer, { maxLength: 40 }),
      fc.constantFrom<Family>("authenticated", "ephemeral"),
      fc.nat(3),
      (answers, wanted, parts) => {
        let state: BatchState = idle;
        const apply = (record: object) => {
          state = applyRecord(state, { at: 0, ...record } as PublishRecord);
        };
        const start = { name: "n", executionType: "flow", startedMs: 0, metadata: {} };
        apply({ type: "job", traceId: "t", session: "s", family: wanted, isExplicit: true, baseUrl: "u", start });
        let confirmed: { readonly family: Family; readonly id: string } | undefined;
        let sent = 0;
        let attempts = 0;
        let family = wanted;
        let failures = 0;
        for (const { outcome, status, hasId, isKilled } of answers) {
          const next = nextStep(state, parts);
          if (next === undefined) break;
          const now: BatchState = state;
          expect(now.type).not.toBe("ended");
          if (now.type === "idle" || now.type === "ended") return;
          if (now.family !== family) {
            expect([family, now.family]).toEqual(["authenticated", "ephemeral"]);
            family = now.family;
            attempts = 0;
          }
          if (next.step === "initialise") {
            expect(confirmed).toBeUndefined();
            expect(++attempts).toBeLessThanOrEqual(3);
            expect(next.afterMs).toBe(attempts === 1 ? 0 : 200);
          } else expect({ family: now.family, id: next.id }).toEqual(confirmed);
          if (next.step === "events") expect(next.part).toBe(sent);
          if (next.step === "finalise") expect(sent).toBe(parts);
          if (next.step === "fail") expect(++failures).toBe(1);
          else expect(failures).toBe(0);
          apply({ type: "request", step: next.step, family, attempt: next.step === "initialise" ? next.attempt : 1 });
          if (isKilled) {
            apply({ type: "owner", writer: { instance: "other" } });
            attempts = 0;
            continue;
          }
          const id = hasId ? { batchId: "id" } : {};
          apply({ type: "answer", step: next.step, family, outcome, status, ...id });
          if (next.step === "initialise" && outcome === "confirmed" && hasId) confirmed = { family, id: "id" };
          if (next.step === "events" && outcome === "confirmed") sent++;
        }
        const last: BatchState = state;
        if (last.type === "ended") {
          if (last.end.type === "published") expect([sent, failures]).toEqual([parts, 0]);
          else expect(last.end.type).toBe(confirmed === undefined ? "off" : "failed");
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

it.each([
  ["https://app.crewai.com", true],
  ["http://127.0.0.1:8080/team/", true],
  ["http://[::1]:1", true],
  ["http://localhost:1", true],
  ["http://traces.example.com", false],
  ["http://127.0.0.1.example.com", false],
  ["https://ann:secret@example.com", false],
  ["https://example.com/?a=1", false],
  ["ftp://example.com", false],
  ["example.com", false],
])("takes a token and a trace to %s: %s", (baseUrl, isTaken) => {
  expect(checkBaseUrl(baseUrl) === undefined).toBe(isTaken);
  const make = () => new UploadApi({ baseUrl, clock: new SteppingClock() });
  if (isTaken) expect(make).not.toThrow();
  else expect(make).toThrow("The address");
});
