// The trace batch against a server that fails at every request in every way. After each end the state is that of a new one.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Family, Step } from "../../src/publish/publishRecord";
import type { TraceBatch } from "../../src/publish/traceBatch";
import { type BatchSetup, beginning, event, setUpBatch, start } from "./batchSetup";
import { type FailingServer, type Fault, faults, startFailingServer } from "./failingServer";

let server: FailingServer;
beforeEach(async () => {
  server = await startFailingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

function expectReset({ fresh, clock }: BatchSetup, batch: TraceBatch): void {
  expect(batch.facts).toEqual(fresh().facts);
  expect(clock.timerCount).toBe(0);
}

async function publish(family: Family, setup = setUpBatch(server)) {
  const { batch } = setup;
  batch.begin(beginning(family));
  batch.add(event(2, "task_completed"));
  batch.add(event(1));
  const result = await batch.end();
  expectReset(setup, batch);
  return { result, setup };
}

/** Which are tried again, on the same endpoints. */
const passing: ReadonlySet<string> = new Set([
  "no answer",
  "reset before the body",
  "reset after the body",
  "half an answer",
  "an answer that does not end",
  "500",
  "502",
  "503",
]);

describe("a batch that is published", () => {
  it.each([
    ["authenticated", ["T initialise", "T events", "T finalise"]],
    ["ephemeral", ["E initialise", "E events", "E finalise"]],
  ] as const)("makes three requests on the %s endpoints, under the id that the server gave", async (family, asked) => {
    const { result } = await publish(family);
    expect(server.asked).toEqual(asked);
    expect(server.seen.map(({ id }) => id)).toEqual([undefined, "server-trace-1", "server-trace-1"]);
    expect(result).toMatchObject({ type: "published", family, id: "server-trace-1", kept: { events: 2 } });
    const [, events, finalise] = server.seen;
    expect(events?.body).toMatchObject({
      events: [{ emission_sequence: 1 }, { emission_sequence: 2 }],
      batch_metadata: { events_count: 2, batch_sequence: 1, is_final_batch: false },
    });
    expect(finalise?.body).toEqual({ status: "completed", duration_ms: expect.any(Number), final_event_count: 2 });
  });

  it("sends its token to the endpoints of the team alone, also after a fallback", async () => {
    server.faultOf = (_step, isEphemeral) => (isEphemeral ? undefined : "401");
    await publish("authenticated");
    expect(server.seen.map(({ authorization }) => authorization)).toEqual([
      "Bearer the-token-of-ann",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("goes from its beginning to its end where nothing was logged", async () => {
    const { batch } = setUpBatch(server);
    batch.begin(beginning("ephemeral"));
    expect(await batch.end()).toMatchObject({ type: "published", accessCode: "TRACE-1234", kept: { events: 0 } });
    expect(server.asked).toEqual(["E initialise", "E finalise"]);
  });
});

describe.each(["authenticated", "ephemeral"] as const)("a batch on the %s endpoints", (family) => {
  const letter = family === "authenticated" ? "T" : "E";
  const words = (...steps: Step[]) => steps.map((step) => `${letter} ${step}`);

  it.each(faults)("that can't be initialised because of %s is off, and sends nothing more", async (fault) => {
    server.faultOf = (step) => (step === "initialise" ? fault : undefined);
    const { result, setup } = await publish(family);
    const attempts = passing.has(fault) ? 3 : 1;
    expect(server.asked).toEqual(words(...Array.from({ length: attempts }, () => "initialise" as const)));
    expect(setup.clock.pauses).toEqual(Array.from({ length: attempts - 1 }, () => 200));
    const mayPass = passing.has(fault) || fault === "429";
    expect(result).toMatchObject({ type: "off", family, mayPass, kept: { events: 2 } });
    expect(setup.batch.isOff).toBe(true);
    expect(setup.batch.begin(beginning(family))).toBe(false);
  });

  it.each(["200 without an id", "201 with an odd id", "200 without JSON", "204"] as const)(
    "that is initialised with %s has no id, and sends nothing more",
    async (fault) => {
      server.faultOf = (step) => (step === "initialise" ? fault : undefined);
      const setup = setUpBatch(server);
      setup.batch.begin(beginning(family));
      setup.batch.add(event(1));
      expect(await setup.batch.begun()).toBe(false);
      expect(setup.batch.facts).toMatchObject({ batchId: undefined, isInitialised: false });
      expect(await setup.batch.end()).toMatchObject({ type: "off", mayPass: false });
      expect(server.asked).toEqual(words("initialise"));
      expectReset(setup, setup.batch);
    },
  );

  it("that is initialised with the last of its attempts is published", async () => {
    server.faultOf = (step, _isEphemeral, count) => (step === "initialise" && count < 3 ? "503" : undefined);
    const { result } = await publish(family);
    expect(result.type).toBe("published");
    expect(server.asked).toEqual(words("initialise", "initialise", "initialise", "events", "finalise"));
    const ids = server.seen.filter(({ step }) => step === "initialise").map(({ body }) => body["trace_id"]);
    expect(new Set(ids).size).toBe(1);
  });

  const sent: readonly Fault[] = [...faults, "401", "403", "204"];
  it.each(sent)("whose events meet %s is marked as failed there, and not finalised", async (fault) => {
    server.faultOf = (step) => (step === "events" ? fault : undefined);
    const { result } = await publish(family);
    expect(server.asked).toEqual(words("initialise", "events", "fail"));
    expect(server.seen.at(-1)).toMatchObject({
      id: "server-trace-1",
      body: { status: "failed", failure_reason: expect.stringContaining("The events could not be sent") },
    });
    const mayPass = passing.has(fault) || fault === "429";
    expect(result).toMatchObject({ type: "failed", family, id: "server-trace-1", mayPass, kept: { events: 2 } });
  });

  it.each(sent)("whose end meets %s is marked as failed there", async (fault) => {
    server.faultOf = (step) => (step === "finalise" ? fault : undefined);
    const { result } = await publish(family);
    expect(server.asked).toEqual(words("initialise", "events", "finalise", "fail"));
    expect(result).toMatchObject({ type: "failed", family });
  });

  it.each(sent)("whose failure can't be told because of %s has failed all the same", async (fault) => {
    server.faultOf = (step) => (step === "events" ? "500" : step === "fail" ? fault : undefined);
    const { result } = await publish(family);
    expect(server.asked).toEqual(words("initialise", "events", "fail"));
    expect(result).toMatchObject({ type: "failed", reason: expect.stringContaining("status 500") });
  });
});

describe("a refusal of who asks", () => {
  it.each(["401", "403"] as const)("%s leads to one ephemeral batch, with three attempts of its own", async (fault) => {
    server.faultOf = (step, isEphemeral, count) => {
      if (step !== "initialise") return undefined;
      if (!isEphemeral) return count < 3 ? "500" : fault;
      return count < 3 ? "502" : undefined;
    };
    const { result } = await publish("authenticated");
    expect(server.asked).toEqual([
      "T initialise",
      "T initialise",
      "T initialise",
      "E initialise",
      "E initialise",
      "E initialise",
      "E events",
      "E finalise",
    ]);
    expect(result).toMatchObject({ type: "published", family: "ephemeral", accessCode: "TRACE-1234" });
  });

  it.each(["401", "403"] as const)("%s on both leads nowhere else", async (fault) => {
    server.faultOf = (step) => (step === "initialise" ? fault : undefined);
    const { result } = await publish("authenticated");
    expect(server.asked).toEqual(["T initialise", "E initialise"]);
    expect(result).toMatchObject({ type: "off", family: "ephemeral" });
  });

  it("carries the yes of a person to the ephemeral batch, where publishing is turned off", async () => {
    server.faultOf = (_step, isEphemeral) => (isEphemeral ? undefined : "403");
    const { batch } = setUpBatch(server, { isEnabled: () => false });
    batch.begin(beginning("authenticated", { isExplicit: true }));
    batch.add(event(1));
    expect((await batch.end()).type).toBe("published");
    expect(server.asked).toEqual(["T initialise", "E initialise", "E events", "E finalise"]);
  });

  it("marks what failed after a fallback as failed on the endpoints where it is", async () => {
    server.faultOf = (step, isEphemeral) => (!isEphemeral ? "401" : step === "events" ? "500" : undefined);
    await publish("authenticated");
    expect(server.asked).toEqual(["T initialise", "E initialise", "E events", "E fail"]);
  });
});

describe("publishing that is turned off", () => {
  it("sends nothing without a yes", async () => {
    const { result } = await publish("ephemeral", setUpBatch(server, { isEnabled: () => false }));
    expect(server.asked).toEqual([]);
    expect(result).toMatchObject({ type: "off", mayPass: false });
  });

  it("sends nothing more once it is turned off", async () => {
    let isEnabled = true;
    const setup = setUpBatch(server, { isEnabled: () => isEnabled });
    setup.batch.begin(beginning("ephemeral"));
    setup.batch.add(event(1));
    expect(await setup.batch.begun()).toBe(true);
    isEnabled = false;
    expect(await setup.batch.end()).toMatchObject({ type: "failed", reason: "Publishing is turned off" });
    expect(server.asked).toEqual(["E initialise"]);
    expectReset(setup, setup.batch);
  });
});

describe("what happens at the same time", () => {
  it("makes one batch of two first events, in the family of the first, with what both know", async () => {
    const { batch } = setUpBatch(server);
    let isAsked = 0;
    const access = async () => {
      isAsked++;
      return { family: "authenticated", token: "t" } as const;
    };
    batch.begin(beginning("authenticated", { owner: "crew", access }));
    batch.begin(
      beginning("ephemeral", { owner: "flow", start: { ...start, metadata: { agent_count: 9, task_count: 2 } } }),
    );
    expect(batch.facts.owner).toBe("crew");
    batch.add(event(1));
    await batch.end();
    expect(server.asked).toEqual(["T initialise", "T events", "T finalise"]);
    expect(isAsked).toBe(1);
    expect(server.seen[0]?.body["execution_metadata"]).toMatchObject({ agent_count: 1, task_count: 2 });
  });

  it("takes what the later one knows along to the next attempt", async () => {
    const { batch } = setUpBatch(server);
    server.faultOf = (step, _isEphemeral, count) => {
      if (step !== "initialise" || count > 1) return undefined;
      batch.begin(beginning("ephemeral", { start: { ...start, metadata: { task_count: 2 } } }));
      return "500";
    };
    batch.begin(beginning("ephemeral"));
    await batch.begun();
    await batch.end();
    expect(server.seen[1]?.body["execution_metadata"]).toMatchObject({ agent_count: 1, task_count: 2 });
  });

  it("takes events while the server does not answer, and while the token can't be had", async () => {
    const setup = setUpBatch(server);
    setup.batch.begin(beginning("ephemeral", { access: () => new Promise(() => {}) }));
    setup.batch.add(event(1));
    const ended = setup.batch.end();
    await new Promise((resolve) => setImmediate(resolve));
    setup.clock.advance(10_000);
    expect(await ended).toMatchObject({ type: "published", family: "ephemeral", kept: { events: 1 } });
    expectReset(setup, setup.batch);
  });

  it("is ephemeral where the token's keeper throws", async () => {
    const { batch } = setUpBatch(server);
    batch.begin(beginning("authenticated", { access: () => Promise.reject(new Error("locked")) }));
    batch.add(event(1));
    expect(await batch.end()).toMatchObject({ type: "published", family: "ephemeral" });
  });

  it("ends once for all who ask, and does nothing afterwards", async () => {
    const setup = setUpBatch(server);
    setup.batch.begin(beginning("ephemeral"));
    setup.batch.add(event(1));
    const [one, other] = await Promise.all([setup.batch.end(), setup.batch.end()]);
    expect(one).toBe(other);
    expect(await setup.batch.end()).toEqual({ type: "none" });
    expect(server.asked).toEqual(["E initialise", "E events", "E finalise"]);
    expectReset(setup, setup.batch);
  });

  it("waits at the end for handlers, which may still add events", async () => {
    const setup = setUpBatch(server);
    setup.batch.begin(beginning("ephemeral"));
    let finish = () => {};
    setup.batch.during(
      new Promise<void>((resolve) => {
        finish = resolve;
      }).then(() => setup.batch.add(event(1))),
    );
    setup.batch.during(Promise.reject(new Error("of the handler")));
    const ended = setup.batch.end();
    finish();
    expect(await ended).toMatchObject({ type: "published", kept: { events: 1 } });
    expectReset(setup, setup.batch);
  });

  it("marks a batch as failed whose handlers don't end, and sends no events", async () => {
    const setup = setUpBatch(server);
    setup.batch.begin(beginning("authenticated"));
    setup.batch.add(event(1));
    expect(await setup.batch.begun()).toBe(true);
    setup.batch.during(new Promise(() => {}));
    const ended = setup.batch.end();
    await new Promise((resolve) => setImmediate(resolve));
    setup.clock.advance(2_000);
    const reason = "Timeout waiting for event handlers - events incomplete";
    expect(await ended).toMatchObject({ type: "failed", reason, mayPass: false });
    expect(server.asked).toEqual(["T initialise", "T fail"]);
    expect(server.seen.at(-1)?.body).toEqual({ status: "failed", failure_reason: reason });
    expectReset(setup, setup.batch);
  });

  it("sends nothing where what it does can't be written down", async () => {
    const setup = setUpBatch(server, { openLog: () => Promise.reject(new Error("ENOSPC")) });
    setup.batch.begin(beginning("ephemeral"));
    setup.batch.add(event(1));
    expect(await setup.batch.end()).toMatchObject({ type: "broken", reason: "ENOSPC", kept: { events: 1 } });
    expect(server.asked).toEqual([]);
    expectReset(setup, setup.batch);
  });

  it("begins with what was collected before anybody was asked", async () => {
    const setup = setUpBatch(server, { isEnabled: () => false });
    setup.batch.add(event(1));
    setup.batch.add(event(2));
    expect(server.asked).toEqual([]);
    setup.batch.begin(beginning("ephemeral", { isExplicit: true }));
    expect(await setup.batch.end()).toMatchObject({ type: "published", kept: { events: 2 } });
    expect(server.asked).toEqual(["E initialise", "E events", "E finalise"]);
  });
});
