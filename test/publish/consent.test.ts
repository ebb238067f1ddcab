// Who is asked, what is read and sent, and what is told afterwards: every case of signed in or out, first or later, command
// or run, yes or no, through the trace batch and over real HTTP.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  accessFor,
  decideConsent,
  expiresAtMs,
  mayBeginEarly,
  planConsent,
  type Remembered,
  type TokenSource,
} from "../../src/publish/consent";
import { viewUrl } from "../../src/publish/uploadApi";
import { event, setUpBatch, start } from "./batchSetup";
import { type FailingServer, startFailingServer } from "./failingServer";
import { SteppingClock } from "./publishClock";

let server: FailingServer;
beforeEach(async () => {
  server = await startFailingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

interface Case {
  readonly remembered: Remembered;
  readonly token: string | undefined;
  readonly trigger: "command" | "run";
  readonly answer: "yes" | "no";
  readonly isEnabled?: boolean;
}

/** What the user interface does, without one. */
async function play({ remembered, token, trigger, answer, isEnabled = true }: Case) {
  let reads = 0;
  const source: TokenSource = async () => {
    reads++;
    return token;
  };
  const setup = setUpBatch(server, { isEnabled: () => isEnabled });
  setup.batch.add(event(1));
  const plan = planConsent({ remembered, trigger, isEnabled });
  const readsBefore = reads;
  const askedBefore = server.asked.length;
  const decision = decideConsent(plan, answer);
  const { publish } = decision;
  if (publish !== undefined) {
    setup.batch.begin({
      owner: trigger,
      start,
      isExplicit: publish.isExplicit,
      access: () => accessFor(publish, source, setup.clock),
    });
  }
  const result = await setup.batch.end();
  expect(setup.batch.facts).toEqual(setup.fresh().facts);
  const isPublished = result.type === "published";
  return {
    isAsked: plan.type === "ask",
    isQuietBefore: readsBefore === 0 && askedBefore === 0,
    reads,
    requests: server.asked.map((request) => request[0]).join(""),
    family: isPublished ? result.family : "none",
    link: isPublished
      ? viewUrl(server.url, result.family, result.id, result.accessCode).slice(server.url.length)
      : "none",
    expires: isPublished && expiresAtMs(result.family, result.atMs) !== undefined,
    end: result.type,
    remember: decision.remember,
  };
}

const ephemeral = {
  family: "ephemeral",
  link: "/crewai_plus/ephemeral_trace_batches/server-trace-1?access_code=TRACE-1234",
  expires: true,
  requests: "EEE",
  end: "published",
};
const ofTeam = {
  family: "authenticated",
  link: "/crewai_plus/trace_batches/server-trace-1",
  expires: false,
  requests: "TTT",
  end: "published",
};
const kept = { family: "none", link: "none", expires: false, requests: "", end: "none", reads: 0 };
const [out, signedIn] = [undefined, "the-token-of-ann"];
const [first, later] = [undefined, "yes"] as const;

const table: readonly (readonly [string, Case, object])[] = [
  [
    "out, first, command, yes",
    { token: out, remembered: first, trigger: "command", answer: "yes" },
    { ...ephemeral, isAsked: true, reads: 0, remember: "yes" },
  ],
  [
    "out, first, command, no",
    { token: out, remembered: first, trigger: "command", answer: "no" },
    { ...kept, isAsked: true, remember: "no" },
  ],
  [
    "out, first, run, yes",
    { token: out, remembered: first, trigger: "run", answer: "yes" },
    { ...ephemeral, isAsked: true, reads: 0, remember: "yes" },
  ],
  [
    "out, first, run, no",
    { token: out, remembered: first, trigger: "run", answer: "no" },
    { ...kept, isAsked: true, remember: "no" },
  ],
  [
    "out, later, command, yes",
    { token: out, remembered: later, trigger: "command", answer: "yes" },
    { ...ephemeral, isAsked: true, reads: 1, remember: "yes" },
  ],
  [
    "out, later, command, no",
    { token: out, remembered: later, trigger: "command", answer: "no" },
    { ...kept, isAsked: true, remember: undefined },
  ],
  [
    "out, later, run, yes",
    { token: out, remembered: later, trigger: "run", answer: "yes" },
    { ...ephemeral, isAsked: false, reads: 1, remember: undefined },
  ],
  [
    "out, later, run, no",
    { token: out, remembered: "no", trigger: "run", answer: "no" },
    { ...kept, isAsked: false, remember: undefined },
  ],
  [
    "in, first, command, yes",
    { token: signedIn, remembered: first, trigger: "command", answer: "yes" },
    { ...ephemeral, isAsked: true, reads: 0, remember: "yes" },
  ],
  [
    "in, first, command, no",
    { token: signedIn, remembered: first, trigger: "command", answer: "no" },
    { ...kept, isAsked: true, remember: "no" },
  ],
  [
    "in, first, run, yes",
    { token: signedIn, remembered: first, trigger: "run", answer: "yes" },
    { ...ephemeral, isAsked: true, reads: 0, remember: "yes" },
  ],
  [
    "in, first, run, no",
    { token: signedIn, remembered: first, trigger: "run", answer: "no" },
    { ...kept, isAsked: true, remember: "no" },
  ],
  [
    "in, later, command, yes",
    { token: signedIn, remembered: later, trigger: "command", answer: "yes" },
    { ...ofTeam, isAsked: true, reads: 1, remember: "yes" },
  ],
  [
    "in, later, command, no",
    { token: signedIn, remembered: later, trigger: "command", answer: "no" },
    { ...kept, isAsked: true, remember: undefined },
  ],
  [
    "in, later, run, yes",
    { token: signedIn, remembered: later, trigger: "run", answer: "yes" },
    { ...ofTeam, isAsked: false, reads: 1, remember: undefined },
  ],
  [
    "in, later, run, no",
    { token: signedIn, remembered: "no", trigger: "run", answer: "no" },
    { ...kept, isAsked: false, remember: undefined },
  ],
];

describe("signed in or out, first or later, command or run, yes or no", () => {
  it.each(table)("%s", async (_name, given, expected) => {
    expect(await play(given)).toEqual({ isQuietBefore: true, ...expected });
  });

  it("has every case once", () => {
    const keys = table.map(([, { token, remembered, trigger, answer }]) =>
      [token, remembered === undefined, trigger, answer].join(),
    );
    expect(new Set(keys).size).toBe(16);
  });
});

describe("a yes", () => {
  it.each(["command", "run"] as const)(
    "goes before publishing that is turned off, in all three requests (%s)",
    async (trigger) => {
      const played = await play({ remembered: first, token: signedIn, trigger, answer: "yes", isEnabled: false });
      expect(played).toMatchObject(ephemeral);
      expect(server.asked).toEqual(["E initialise", "E events", "E finalise"]);
    },
  );

  it("of before does not, where nobody asks for it", async () => {
    const played = await play({ remembered: later, token: signedIn, trigger: "run", answer: "yes", isEnabled: false });
    expect(played).toMatchObject({ ...kept, isAsked: false });
  });

  it("is asked for again by a command after a no, and is a first one then", async () => {
    const played = await play({ remembered: "no", token: signedIn, trigger: "command", answer: "yes" });
    expect(played).toMatchObject({ ...ephemeral, isAsked: true, reads: 0, remember: "yes" });
  });

  it("is needed before a batch is begun while a run is under way", () => {
    expect(mayBeginEarly(undefined, true)).toBe(false);
    expect(mayBeginEarly("no", true)).toBe(false);
    expect(mayBeginEarly("yes", false)).toBe(false);
    expect(mayBeginEarly("yes", true)).toBe(true);
  });
});

it("remembers nothing of a question that was closed without an answer", () => {
  const plan = planConsent({ remembered: undefined, trigger: "run", isEnabled: true });
  expect(decideConsent(plan, undefined)).toEqual({ remember: undefined, publish: undefined });
});

describe("a keeper of tokens", () => {
  const asTeam = { family: "token", isExplicit: false } as const;

  it("that throws, at once or later, is as good as one that has none", async () => {
    const clock = new SteppingClock();
    const throwing: TokenSource = () => {
      throw new Error("The keyring is locked");
    };
    expect(await accessFor(asTeam, throwing, clock)).toEqual({ family: "ephemeral" });
    expect(await accessFor(asTeam, () => Promise.reject(new Error("locked")), clock)).toEqual({ family: "ephemeral" });
    expect(clock.timerCount).toBe(0);
  });

  it("that hangs keeps no event from being taken, and is not waited for beyond its limit", async () => {
    const setup = setUpBatch(server);
    const hanging: TokenSource = () => new Promise(() => {});
    setup.batch.begin({ owner: "run", start, access: () => accessFor(asTeam, hanging, setup.clock) });
    setup.batch.add(event(1));
    setup.batch.add(event(2));
    expect(setup.batch.facts.events).toBe(2);
    expect(server.asked).toEqual([]);
    const ended = setup.batch.end();
    await new Promise((resolve) => setImmediate(resolve));
    setup.clock.advance(5_000);
    expect(await ended).toMatchObject({ type: "published", family: "ephemeral", kept: { events: 2 } });
  });

  it.each(["", "  ", "a token", "a\r\nX-Evil: 1", "tökën"])("with %j, which can't be sent, has none", async (token) => {
    expect(await accessFor(asTeam, async () => token, new SteppingClock())).toEqual({ family: "ephemeral" });
  });

  it("is not asked for a first publication", async () => {
    const never: TokenSource = () => expect.fail("It was read");
    const access = await accessFor({ family: "ephemeral", isExplicit: true }, never, new SteppingClock());
    expect(access).toEqual({ family: "ephemeral" });
  });
});
