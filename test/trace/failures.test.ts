import { describe, expect, it } from "vitest";
import type { TraceSpan } from "../../src/trace/schema";
import { renderFailures, spansOf, stateOf } from "./spanOutline";

const stalled = stateOf("running", { type: "stalled", sinceMs: 0 });

const cases = [
  {
    name: "finds nothing in a session without failures",
    state: stateOf("completed"),
    outline: `
      session root 0-100
        tool bash 10-20`,
    expected: "none | failures none | recovered none",
  },
  {
    name: "takes the latest-ending leaf of the failed paths",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        span step1 5-30 error
          tool bash 10-20 error \`a\`
          tool bash 10-25 error \`b\`
        tool late 80-90 error \`c\`
        generation g 91-99
          tool deeper 92-98 error \`d\``,
    expected: "s4 failed-path | failures s2 s3 s4 s6 | recovered none",
  },
  {
    name: "passes over a root that only carries the error of its steps",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        generation g 1-50 @m
          tool bash 10-20 error \`npm ci\`
        generation g 51-99 @m
          tool bash 60-70 error \`npm ci\``,
    expected: "s4 last-unrecovered | failures s2 s4 | recovered none",
  },
  {
    name: "takes a root that failed by itself",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        tool bash 10-20 error \`npm test\`
        tool bash 30-40 \`npm test\``,
    expected: "s0 failed-path | failures s0 | recovered s1",
  },
  {
    name: "takes the innermost open span with the latest start of a crashed session",
    state: stateOf("crashed"),
    outline: `
      session root 0-
        generation g1 1-9
        generation g2 10-
          tool bash 11- \`sleep\`
          tool bash 12- \`make\`
        user-message m 11-11`,
    expected: "s4 in-progress | failures s4 | recovered none",
  },
  {
    name: "does not take a root that carries the error of the signal",
    state: stateOf("crashed"),
    outline: `
      session root 0-100 error
        generation g1 1-9
        generation g2 10-`,
    expected: "s2 in-progress | failures s2 | recovered none",
  },
  {
    name: "takes the closed root of a crashed session that had nothing else open",
    state: stateOf("crashed"),
    outline: `
      session root 0-100 error
        tool bash 10-20`,
    expected: "s0 failed-path | failures s0 | recovered none",
  },
  {
    name: "prefers the step in progress to an old failure below a root that bears the error of the crash",
    state: stateOf("crashed"),
    outline: `
      session root 0-100 error
        tool bash 10-20 error \`x\`
        generation g2 30-`,
    expected: "s2 in-progress | failures s1 s2 | recovered none",
  },
  {
    name: "takes the failed path of a crashed session in which nothing was in progress",
    state: stateOf("crashed"),
    outline: `
      session root 0-100 error
        tool bash 10-20 error \`x\`
        generation g2 30-40`,
    expected: "s1 failed-path | failures s1 | recovered none",
  },
  {
    name: "takes any later success of the same tool for a recovery in a session that completed, and only there",
    state: stateOf("completed"),
    outline: `
      session root 0-100
        tool bash 10-20 error \`npm test\`
        tool edit 21-22 \`tax.ts\`
        tool bash 30-40 \`npm run test\`
        tool bash 50-60 error \`git push\``,
    expected: "s4 last-unrecovered | failures s4 | recovered s1",
  },
  {
    name: "takes an attempt for recovered once another one at the same step did well, and keeps those of a step that failed",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        span held 1-40 #held
          span attempt_1 1-10 error
          span attempt_2 11-40
        span failed 50-90 error #failed
          span attempt_1 50-60 error
          span attempt_2 61-90 error`,
    expected: "s6 failed-path | failures s5 s6 | recovered s2",
  },
  {
    name: "has no failure left where an attempt in a session that completed did well",
    state: stateOf("completed"),
    outline: `
      session root 0-100
        span held 1-40 #held
          span attempt_1 1-10 error
            tool run 1-9 error \`a\`
          span attempt_2 11-40
            generation chat 11-39 @m`,
    expected: "none | failures none | recovered s3",
  },
  {
    name: "takes all that failed within an attempt for recovered with it, whatever the next one did in its place",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        span corrected 1-40 #corrected
          span attempt_1 1-10 error
            tool run 1-9 error \`npm tset\`
              tool deep 2-3 error \`x\`
          span recover 11-19
            generation chat 12-18 @m
          span attempt_2 20-40
            tool run 21-39 \`npm test\`
        span last 50-60 error #last
          tool run 51-59 error \`exit 1\``,
    expected: "s10 failed-path | failures s10 | recovered s4",
  },
  {
    name: "keeps what failed within a step that failed, also where another step does the same well",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        span check 1-20 error #check
          tool run 2-19 error \`npm test\`
        span again 30-50 #again
          tool run 31-49 \`npm test\`
        span last 60-70 error #last
          tool run 61-69 error \`exit 1\``,
    expected: "s6 failed-path | failures s2 s6 | recovered none",
  },
  {
    name: "lets the same action within a step that failed make its failures good",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        span check 1-40 error #check
          span attempt_1 1-10 error
            tool npm 2-9 error \`npm ci\`
          span attempt_2 11-40 error
            tool npm 12-19 \`npm ci\`
            tool run 20-39 error \`npm test\``,
    expected: "s6 failed-path | failures s2 s6 | recovered s3",
  },
  {
    name: "does not take another step of the same name for the same step, and takes the same step of a second attempt for it",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        span Check 1-10 error #one
        span Check 11-20 #two
        span deploy 30-90 error #deploy
          span attempt_1 30-50 error
            span Build 31-40 error #build
              tool run 32-39 error \`make a\`
          span attempt_2 51-90 error
            span Build 52-60 #build
              tool run 53-59 \`make b\`
            span Send 61-89 error #send
              tool run 62-88 error \`scp\``,
    expected: "s11 failed-path | failures s1 s4 s11 | recovered s6",
  },
  {
    name: "takes no span for an attempt because of its name",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        span attempts 1-40 error
          span attempt~1 1-10 error
          span attempt~2 11-40`,
    expected: "s2 failed-path | failures s2 | recovered none",
  },
  {
    name: "prefers the step in progress to a failure off the failed path",
    state: stateOf("crashed"),
    outline: `
      session root 0-
        tool bash 10-20 error \`x\`
        generation g2 30-`,
    expected: "s2 in-progress | failures s1 s2 | recovered none",
  },
  {
    name: "names the step in progress of a stalled session",
    state: stalled,
    outline: `
      session root 0-
        tool bash 10- \`x\``,
    expected: "s1 in-progress | failures s1 | recovered none",
  },
  {
    name: "names no step in progress while a session runs",
    state: stateOf("running"),
    outline: `
      session root 0-
        tool bash 10- \`x\``,
    expected: "none | failures none | recovered none",
  },
  {
    name: "counts an open span that failed once",
    state: stateOf("crashed"),
    outline: `
      session root 0-
        tool bash 10- error \`x\``,
    expected: "s1 in-progress | failures s1 | recovered none",
  },
  {
    name: "sets a failure aside once the same action succeeded",
    state: stateOf("completed"),
    outline: `
      session root 0-100
        tool bash 10-20 error \`npm test\`
        tool bash 20-30 error \`npm test\`
        tool bash 30-40 \`npm test\`
        tool bash 41-50 error \`other\``,
    expected: "s4 last-unrecovered | failures s4 | recovered s1 s2",
  },
  {
    name: "has no failing step in a completed session that made every failure good",
    state: stateOf("completed"),
    outline: `
      session root 0-100
        tool bash 10-20 error \`npm test\`
        tool bash 30-40 \`npm test\``,
    expected: "none | failures none | recovered s1",
  },
  {
    name: "falls back on the first failure of a failed session whose failures were made good",
    state: stateOf("failed"),
    outline: `
      session root 0-100
        tool bash 10-20 error \`npm test\`
        tool bash 21-22 error \`npm test\`
        tool bash 30-40 \`npm test\``,
    expected: "s1 first-failure | failures none | recovered s1 s2",
  },
  {
    name: "does not take a success that began before the failure ended for a recovery",
    state: stateOf("completed"),
    outline: `
      session root 0-100
        tool bash 10-20 error \`npm test\`
        tool bash 5-30 \`npm test\`
        tool bash 19-30 \`npm test\``,
    expected: "s1 last-unrecovered | failures s1 | recovered none",
  },
  {
    name: "goes by the order in the file within one millisecond",
    state: stateOf("completed"),
    outline: `
      session root 0-100
        tool a 10-10 \`x\`
        tool a 10-10 error \`x\`
        tool b 10-10 error \`x\`
        tool b 10-10 \`x\``,
    expected: "s2 last-unrecovered | failures s2 | recovered s3",
  },
  {
    name: "does not take an open, interrupted or other action's success for a recovery",
    state: stateOf("running"),
    outline: `
      session root 0-
        tool bash 10-20 error \`x\`
        tool bash 30- \`x\`
        tool bash 30-40 interrupted \`x\`
        tool bash 30-40 \`y\`
        tool other 30-40 \`x\``,
    expected: "s1 last-unrecovered | failures s1 | recovered none",
  },
  {
    name: "recovers a generation by a later one of the same model, whatever their names",
    state: stateOf("failed"),
    outline: `
      session root 0-100
        generation g1 1-2 error @big
        generation g2 1-2 error @small
        generation g3 3-4 @big`,
    expected: "s2 last-unrecovered | failures s2 | recovered s1",
  },
  {
    name: "never counts interrupted spans",
    state: stateOf("failed"),
    outline: `
      session root 0-100
        generation g1 1-2 error interrupted @big
        tool bash 3-4 error \`x\``,
    expected: "s2 last-unrecovered | failures s2 | recovered none",
  },
  {
    name: "counts the innermost of nested recovered failures",
    state: stateOf("completed"),
    outline: `
      session root 0-100
        generation g1 1-20 error @big
          tool bash 3-4 error \`x\`
        generation g2 30-40 @big
          tool bash 31-32 \`x\``,
    expected: "none | failures none | recovered s2",
  },
  {
    name: "reaches a failure that was not recovered below a parent that was",
    state: stateOf("failed"),
    outline: `
      session root 0-100 error
        generation g1 1-20 error @big
          tool bash 3-4 error \`x\`
        generation g2 30-40 @big`,
    expected: "s2 failed-path | failures s2 | recovered none",
  },
];

describe("findFailures", () => {
  for (const { name, state, outline, expected } of cases) {
    it(name, () => {
      expect(renderFailures(spansOf(outline), state)).toBe(expected);
    });
  }

  it("does not follow a failed path through a parent that is not in the trace", () => {
    const spans = spansOf(`
      session root 0-100 error
        tool bash 10-20 error \`x\``).map((span, index) => (index === 1 ? { ...span, parentSpanId: "gone" } : span));
    expect(renderFailures(spans, stateOf("failed"))).toBe("s0 failed-path | failures s0 s1 | recovered none");
  });

  it("keeps spans without usable times in the lists", () => {
    const spans = spansOf(`
      session root 0-100
        tool bash 10-20 error \`x\`
        tool bash 10-20 error \`y\``).map((span, index) =>
      index === 1 ? { ...span, startTime: Number.NaN, endTime: undefined } : span,
    ) as TraceSpan[];
    expect(renderFailures(spans, stateOf("completed"))).toBe("s2 last-unrecovered | failures s1 s2 | recovered none");
  });

  it("copes with a chain of 100,000 failed spans", () => {
    const spans: TraceSpan[] = Array.from({ length: 100_000 }, (_, index) => ({
      spanId: `s${index}`,
      parentSpanId: index === 0 ? null : `s${index - 1}`,
      name: `step ${index}`,
      kind: "span",
      startTime: index,
      endTime: 1_000_000 - index,
      status: "error",
    }));
    expect(renderFailures(spans, stateOf("failed"))).toBe("s99999 failed-path | failures s99999 | recovered none");
  });

  it("gives the same answer when asked twice, and another one for another state", () => {
    const spans = spansOf(`
      session root 0-
        generation g 10-`);
    expect(renderFailures(spans, stateOf("crashed"))).toBe("s1 in-progress | failures s1 | recovered none");
    expect(renderFailures(spans, stateOf("running"))).toBe("none | failures none | recovered none");
  });
});
