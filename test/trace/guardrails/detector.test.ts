import { describe, expect, it } from "vitest";
import { GuardrailDetector } from "../../../src/trace/guardrails/detector";
import { defaultGuardrails, type GuardrailSettings } from "../../../src/trace/guardrails/guardrail";
import { findingsOf, told, watched } from "./watched";

const quietFailures = { consecutiveErrors: 1_000, failureCluster: { failures: 1_000, window: 1_000 } };

describe("a repeat", () => {
  const repeats = { hint: 3, warn: 5, stop: 7 };
  it.each<[string, string, Partial<GuardrailSettings>, string[]]>([
    ["is not told of two", "a a", {}, []],
    ["is hinted at with the third", "a a a", {}, ["2 repeat hint"]],
    ["is told once for each level", "a a a a a a a a a", {}, ["2 repeat hint", "4 repeat warn", "6 repeat stop"]],
    ["is not warned of one too early", "a a a a", {}, ["2 repeat hint"]],
    ["does not stop one too early", "a a a a a a", {}, ["2 repeat hint", "4 repeat warn"]],
    ["may have others in between", "a b a c a", { stuckRevisitGap: 50 }, ["4 repeat hint"]],
    [
      "counts to the edge of the window",
      "a a b c d a",
      { window: 6, repeats: { ...repeats, stop: 6 }, stuckRevisitGap: 50 },
      ["5 repeat hint"],
    ],
    [
      "does not count beyond it",
      "a a b c d e a",
      { window: 6, repeats: { ...repeats, stop: 6 }, stuckRevisitGap: 50 },
      [],
    ],
    [
      "is told anew when all of it was left behind",
      "a a a b c d a a a",
      { window: 3, repeats: { hint: 3, warn: 3, stop: 3 }, stuckRevisitGap: 50 },
      ["2 repeat stop", "8 repeat stop"],
    ],
    [
      "is not told anew while some of it is there",
      "a a a b a a a",
      { window: 4, repeats: { hint: 3, warn: 4, stop: 4 }, stuckRevisitGap: 50 },
      ["2 repeat hint"],
    ],
    ["needs the same result", "a=1 a=2 a=3 a=4 a=5 a=6 a=7 a=8", {}, []],
    ["needs the same result, which may come later", "a=1 a=2 a=2 a=2", {}, ["3 repeat hint"]],
    ["takes failures for the same, whatever they say", "a=1! a=2! a=3!", quietFailures, ["2 repeat hint"]],
    ["tells a failure from a success", "a! a a! a", quietFailures, []],
    [
      "is a hint at most where a check follows each change",
      "a=k b=1 a=k c=1 a=k d=1 a=k e=1 a=k f=1 a=k",
      { stuckRevisitGap: 50 },
      ["4 repeat hint"],
    ],
    [
      "is a warning where a failure follows each change",
      "a! b=1 a! c=1 a! d=1 a! e=1 a!",
      { ...quietFailures, stuckRevisitGap: 50 },
      ["4 repeat hint", "8 repeat warn"],
    ],
  ])("%s", (_, actions, settings, expected) => {
    expect(told(actions, settings)).toEqual(expected);
  });

  it("names the action, the counts and the numbers of its actions", () => {
    const [found] = findingsOf("b a! a! a!", quietFailures);
    expect(found?.finding).toEqual({
      level: "hint",
      pattern: "repeat",
      message: 'repeat: "bash a" 3 times within 12 actions, failed each time',
      actions: [1, 2, 3],
    });
  });
});

describe("a cycle", () => {
  it.each<[string, string, Partial<GuardrailSettings>, string[]]>([
    ["is not told before the round is whole", "a b c a b c a b", {}, ["6 repeat hint"]],
    [
      "of three is told when it was gone through three times",
      "a b c a b c a b c",
      {},
      ["6 repeat hint", "8 cycle warn"],
    ],
    ["of two is told instead of the repeats of both", "a b a b a b a b", {}, ["4 repeat hint", "5 cycle warn"]],
    ["of four is beyond the length", "a b c d a b c d a b c d", { stuckRevisitGap: 50 }, ["8 repeat hint"]],
    [
      "of four is told where that is the length",
      "a b c d a b c d a b c d",
      { cycle: { maxLength: 4, times: 3 }, stuckRevisitGap: 50, repeats: { hint: 4, warn: 5, stop: 7 } },
      ["11 cycle warn"],
    ],
    ["of one action is a repeat", "a a a a", {}, ["2 repeat hint"]],
    ["needs the same results", "a=1 b a=2 b a=3 b a=4 b", { repeats: { hint: 6, warn: 6, stop: 7 } }, []],
    [
      "is off where one action is the length",
      "a b a b a b",
      { cycle: { maxLength: 1, times: 3 }, repeats: { hint: 6, warn: 6, stop: 7 } },
      [],
    ],
    [
      "is told with the second round where two are asked for",
      "a b a b",
      { cycle: { maxLength: 3, times: 2 } },
      ["3 cycle warn"],
    ],
    [
      "is told anew when it was left in between",
      "a b a b c a b a b",
      { cycle: { maxLength: 2, times: 2 }, repeats: { hint: 6, warn: 6, stop: 7 } },
      ["3 cycle warn", "8 cycle warn"],
    ],
    [
      "stops after as many rounds as repeats",
      Array(8).fill("a b c").join(" "),
      {},
      ["6 repeat hint", "8 cycle warn", "20 cycle stop"],
    ],
  ])("%s", (_, actions, settings, expected) => {
    expect(told(actions, settings)).toEqual(expected);
  });

  it("names its actions in their order", () => {
    const [found] = findingsOf("x y=1 z=2 y=1 z=2 y=1 z=2", { repeats: { hint: 4, warn: 5, stop: 7 } });
    expect(found?.finding).toEqual({
      level: "warn",
      pattern: "cycle",
      message: 'cycle: "bash y", "bash z" in this order 3 times, each time with the same results',
      actions: [1, 2, 3, 4, 5, 6],
    });
  });
});

describe("a revisit", () => {
  const others = (count: number) => Array.from({ length: count }, (_, index) => `o${index}`).join(" ");
  const gaps = [1, 2, 4, 5, 6, 49, 50];
  it.each(gaps)("is told after exactly stuck_revisit_gap = %i others", (gap) => {
    expect(told(`a ${others(gap)} a`, { stuckRevisitGap: gap })).toEqual([`${gap + 1} revisit hint`]);
    expect(told(`a ${others(gap + 1)} a`, { stuckRevisitGap: gap })).toEqual([`${gap + 2} revisit hint`]);
    expect(told(`a ${others(gap - 1)} a`.replaceAll("  ", " "), { stuckRevisitGap: gap })).toEqual([]);
  });

  it("counts the others since the last time, not since the first", () => {
    expect(told("a b c a d e a", { stuckRevisitGap: 3, repeats: { hint: 5, warn: 6, stop: 7 } })).toEqual([]);
  });

  it("needs the same result", () => {
    expect(told(`a=1 ${others(6)} a=2`)).toEqual([]);
    expect(told(`a=1 ${others(6)} a=1`)).toEqual(["7 revisit hint"]);
  });

  it("is told once of an action that is looked at now and then", () => {
    const rounds = Array.from({ length: 20 }, (_, round) => `a n${round} p${round} q${round} r${round} s${round}`);
    expect(told(rounds.join(" "))).toEqual(["6 revisit hint"]);
  });

  it("warns and stops where nothing new is done between the visits", () => {
    const round = `a ${others(5)}`;
    const expected = ["6 revisit hint", `${6 * 4} revisit warn`, `${6 * 6} revisit stop`];
    expect(told(Array(9).fill(round).join(" "))).toEqual(expected);
  });

  it("says how many others there were", () => {
    const [found] = findingsOf(`a=1 ${others(5)} a=1`);
    expect(found?.finding.message).toBe(
      'revisit: "bash a" again after 5 other actions, each time with the same result',
    );
    expect(found?.finding.actions).toEqual([0, 6]);
  });

  it("forgets what was done more than a thousand different actions ago", () => {
    expect(told(`a ${others(999)} a`)).toEqual(["1000 revisit hint"]);
    expect(told(`a ${others(1_000)} a`)).toEqual([]);
  });
});

describe("failures", () => {
  const noCluster = { failureCluster: { failures: 1_000, window: 1_000 } };
  const noRun = { consecutiveErrors: 1_000 };
  it.each<[string, string, Partial<GuardrailSettings>, string[]]>([
    ["one after the other are counted to the bound", "a! b! c! d!", noCluster, []],
    ["one after the other stop at the bound", "a! b! c! d! e!", noCluster, ["4 consecutive-errors stop"]],
    ["one after the other are told once", "a! b! c! d! e! f! g!", noCluster, ["4 consecutive-errors stop"]],
    ["begin anew after a success", "a! b! c! d! e f! g! h! i! j!", noCluster, ["9 consecutive-errors stop"]],
    [
      "stop at the first where one is the bound",
      "a b!",
      { ...noCluster, consecutiveErrors: 1 },
      ["1 consecutive-errors stop"],
    ],
    ["in a cluster are warned of", "a! b c! d e!", noRun, ["4 failure-cluster warn"]],
    ["in a cluster are one too few", "a! b c! d e", noRun, []],
    ["in a cluster are too far apart", "a! b c! d e f!", noRun, []],
    [
      "in a cluster are told again when they were fewer",
      "a! b! c! d e f g! h! i!",
      noRun,
      ["2 failure-cluster warn", "8 failure-cluster warn"],
    ],
    ["in a cluster are told once while they last", "a! b! c! d! e! f g! h! i!", noRun, ["2 failure-cluster warn"]],
  ])("%s", (_, actions, settings, expected) => {
    expect(told(actions, settings)).toEqual(expected);
  });

  it("name their actions and the last one of them", () => {
    const found = findingsOf("a! b c! d! e!", { consecutiveErrors: 3 });
    expect(found.map(({ finding }) => [finding.message, finding.actions])).toEqual([
      ['failure cluster: 3 of the latest 5 actions failed, the last one "bash d"', [0, 2, 3]],
      ['consecutive errors: 3 actions failed one after the other, the last one "bash e"', [2, 3, 4]],
    ]);
  });
});

describe("waits", () => {
  it("and polling that shows nothing new are no repeat and no cycle", () => {
    const polls =
      "look=pending sleep_30 look=pending sleep_30 look=pending sleep_30 look=pending sleep_30 look=pending";
    const detector = new GuardrailDetector(defaultGuardrails);
    const found = polls.split(" ").flatMap((text) => detector.add(watched(text.replace("_", " "))));
    expect(found).toEqual([]);
  });

  it("within the command are polling, too", () => {
    const detector = new GuardrailDetector(defaultGuardrails);
    const action = { ...watched("a=pending"), input: '{"command":"sleep 30 && gh pr checks"}' };
    expect(Array.from({ length: 20 }, () => detector.add(action)).flat()).toEqual([]);
  });

  it("don't excuse what fails again and again, and don't make it good", () => {
    const detector = new GuardrailDetector(defaultGuardrails);
    const found = Array.from({ length: 5 }, () => [
      ...detector.add(watched("npm ci!")),
      ...detector.add(watched("sleep 5")),
    ]).flat();
    expect(found.map(({ pattern, level }) => `${pattern} ${level}`)).toEqual([
      "repeat hint",
      "failure-cluster warn",
      "repeat warn",
      "consecutive-errors stop",
    ]);
  });

  it("push no name of a cycle out", () => {
    const detector = new GuardrailDetector({ ...defaultGuardrails, ...quietFailures });
    const round = ["a!", "sleep 1", "sleep 1", "sleep 1", "b!", "sleep 1", "sleep 1", "sleep 1"];
    const found = [...round, ...round, ...round].flatMap((text) => detector.add(watched(text)));
    expect(found.at(-1)?.message).toContain('cycle: "bash a", "bash b" in this order 3 times');
  });
});

describe("budgets", () => {
  const budget = (limits: GuardrailSettings["budget"], startMs?: number) =>
    new GuardrailDetector({ ...defaultGuardrails, budget: limits }, startMs);
  const messages = (findings: readonly { level: string; message: string }[]) =>
    findings.map(({ level, message }) => `${level} ${message}`);

  it.each([
    [79, []],
    [80, ["warn token budget: 80 of 100 tokens used"]],
    [99, ["warn token budget: 99 of 100 tokens used"]],
    [100, ["stop token budget: 100 of 100 tokens used"]],
    [101, ["stop token budget: 101 of 100 tokens used"]],
  ])("say of %i tokens of 100: %j", (tokens, expected) => {
    expect(messages(budget({ tokens: 100 }).add({ ...watched("a"), tokens }))).toEqual(expected);
  });

  it("add up, and tell each level once", () => {
    const detector = budget({ costUsd: 1 });
    const found = Array.from({ length: 12 }, (_, index) => detector.add({ ...watched(`a${index}`), costUsd: 0.125 }));
    expect(messages(found.flat())).toEqual([
      "warn cost budget: $0.88 of $1.00 used",
      "stop cost budget: $1.00 of $1.00 used",
    ]);
  });

  it("leave out numbers that can't be", () => {
    const detector = budget({ costUsd: 1, tokens: 10 });
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY, -5]) {
      expect(detector.add({ ...watched(`a${number}`), costUsd: number, tokens: number })).toEqual([]);
    }
    expect(detector.add({ ...watched("b"), tokens: 10 })).toHaveLength(1);
  });

  it("count time from the session's start, also while no action ends", () => {
    const detector = budget({ timeMs: 10_000 }, 1_000);
    expect(detector.checkTime(8_999)).toEqual([]);
    expect(messages(detector.add(watched("a", 9_000)))).toEqual(["warn time budget: 8.0 s of 10.0 s used"]);
    expect(messages(detector.checkTime(10_999))).toEqual([]);
    expect(messages(detector.checkTime(11_000))).toEqual(["stop time budget: 10.0 s of 10.0 s used"]);
    expect(detector.checkTime(20_000)).toEqual([]);
  });

  it("count time from the first action's start where the session's is not told", () => {
    const detector = budget({ timeMs: 10_000 });
    expect(detector.checkTime(99_000)).toEqual([]);
    expect(detector.add({ ...watched("a", 5_000), startMs: 2_000 })).toEqual([]);
    expect(detector.checkTime(12_000)).toHaveLength(1);
  });
});

describe("settings", () => {
  const broken = (settings: Partial<GuardrailSettings>) => () =>
    new GuardrailDetector({ ...defaultGuardrails, ...settings });
  it.each([1, 50])("take a stuck_revisit_gap of %i", (gap) => {
    expect(broken({ stuckRevisitGap: gap })).not.toThrow();
  });

  it.each([0, 51, 1.5, Number.NaN, -1])("refuse a stuck_revisit_gap of %f", (gap) => {
    expect(broken({ stuckRevisitGap: gap })).toThrow(
      new RangeError(`"stuck_revisit_gap" is ${gap}; it has to be a whole number from 1 to 50`),
    );
  });

  it("refuse levels that don't rise, and counts that don't fit their window", () => {
    expect(broken({ repeats: { hint: 6, warn: 5, stop: 7 } })).toThrow(
      '"repeats.hint" is 6; it can\'t be more than "repeats.warn", which is 5',
    );
    expect(broken({ window: 6 })).toThrow('"repeats.stop" is 7; it can\'t be more than "window", which is 6');
    expect(broken({ failureCluster: { failures: 6, window: 5 } })).toThrow(
      '"failure_cluster.failures" is 6; it can\'t be more than "failure_cluster.window", which is 5',
    );
  });

  it("refuse a budget of nothing", () => {
    expect(broken({ budget: { costUsd: 0 } })).toThrow('"budget.cost" is 0; it has to be more than 0');
  });
});
