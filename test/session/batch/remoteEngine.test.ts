// Which engine runs batches, and where its runs can be seen.
import { describe, expect, it } from "vitest";
import { batchEngines } from "../../../src/session/batch/remoteEngine";
import { isOwnAddress, runPage } from "../../../src/session/batch/remoteEngineSchema";

const url = "https://trigger.example.com";

describe("the engine of new batches", () => {
  it.each([
    ["nothing is chosen", undefined, {}, undefined, 0],
    [
      "nothing is chosen and a key is known: what was handed on before is gone on with",
      undefined,
      { TRIGGER_SECRET_KEY: "k" },
      undefined,
      1,
    ],
    ["trigger.dev is chosen with its key", { url, key: "k" }, {}, "trigger.dev", 1],
    [
      "trigger.dev is chosen and its key is in the environment",
      { url },
      { TRIGGER_SECRET_KEY: "k", TRIGGER_API_URL: `${url}/` },
      "trigger.dev",
      1,
    ],
    [
      "the environment has an address that is none",
      undefined,
      { TRIGGER_SECRET_KEY: "k", TRIGGER_API_URL: "nowhere" },
      undefined,
      0,
    ],
  ])("where %s", (_, chosen, environment, engine, count) => {
    const found = batchEngines(chosen, environment);
    expect([found.engine, found.engines?.length ?? 0]).toEqual([engine, count]);
  });

  it("is told to be without its key, or to have no address", () => {
    const words = "trigger.dev at https://trigger.example.com is to run batches, and";
    expect(() => batchEngines({ url }, {})).toThrow(words);
    // That key is for another address.
    expect(() => batchEngines({ url }, { TRIGGER_SECRET_KEY: "k" })).toThrow(words);
    expect(() => batchEngines({ url: "nowhere", key: "k" }, {})).toThrow(/must begin with https/);
  });

  it.each([
    ["http://127.0.0.1:4318", true],
    ["http://localhost:4318/", true],
    ["http://[::1]:4318", true],
    ["http://127.0.0.1:4319", false],
    ["https://api.trigger.dev", false],
    ["nowhere", false],
  ])("at %s is the collector itself: %s", (address, expected) => {
    expect(isOwnAddress(address, 4318)).toBe(expected);
  });
});

describe("the page of a run", () => {
  it.each([
    ["https://api.trigger.dev", "https://cloud.trigger.dev/runs/run_1%2F2"],
    ["https://trigger.example.com/base", "https://trigger.example.com/runs/run_1%2F2"],
    ["file:///etc/passwd", undefined],
    ["command:evil", undefined],
    [undefined, undefined],
  ])("of the installation at %s", (address, page) => {
    expect(runPage(address, "run_1/2")).toBe(page);
  });
});
