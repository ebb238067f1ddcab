import { describe, expect, it } from "vitest";
import { backOffMs, isTransientError, isTransientStatus, retryAfterMs } from "../../src/recorder/retryDelay";

const failed = (code: string, cause?: unknown) => Object.assign(new Error("failed", { cause }), { code });

describe("retrying", () => {
  it("is for what a server says of this moment only", () => {
    const transient = Array.from({ length: 500 }, (_, index) => index + 100).filter(isTransientStatus);
    expect(transient).toEqual([408, 425, 429, 502, 503, 504]);
  });

  const ring = new Error("ring");
  ring.cause = ring;
  it.each<[string, boolean, unknown]>([
    ["a refused connection", true, failed("ECONNREFUSED")],
    ["a broken connection", true, failed("ECONNRESET")],
    ["a system's error as the cause of fetch's", true, new TypeError("fetch failed", { cause: failed("EPIPE") })],
    ["several addresses, none of which listens", true, Object.assign(new AggregateError([]), { code: "ECONNREFUSED" })],
    ["an unknown name", false, failed("ENOTFOUND")],
    ["a bad certificate", false, failed("CERT_HAS_EXPIRED")],
    ["an abort", false, new DOMException("aborted", "AbortError")],
    ["an error of ours", false, new Error("no")],
    ["a ring of causes", false, ring],
    ["no error", false, { code: "ECONNRESET" }],
  ])("%s: %s", (_, transient, error) => {
    expect(isTransientError(error)).toBe(transient);
  });

  const date = "Sun, 06 Nov 1994 08:49:37 GMT";
  it.each<[string | undefined, string | undefined, number | undefined]>([
    [undefined, date, undefined],
    ["0", date, 0],
    ["120", undefined, 120_000],
    ["999999999", undefined, 999_999_999_000],
    ["Sun, 06 Nov 1994 08:49:40 GMT", date, 3000],
    ["Sun, 06 Nov 1994 08:49:30 GMT", date, 0],
    ["Sun, 06 Nov 1994 08:49:30 GMT", undefined, 0],
    ["Sun, 06 Nov 1994 08:49:30 GMT", "now", 0],
    ["", date, undefined],
    ["-5", date, undefined],
    ["1.5", date, undefined],
    ["soon", date, undefined],
    ["soon GMT", date, undefined],
    ["1e3", date, undefined],
    ["99999999999999", date, undefined],
  ])("after Retry-After %j of an answer of %j waits %j ms", (retryAfter, answered, ms) => {
    expect(retryAfterMs(retryAfter, answered)).toBe(ms);
  });

  it("pauses twice as long each time, less up to a half", () => {
    for (const [failures, mostMs] of [
      [1, 100],
      [2, 200],
      [4, 800],
    ] as const) {
      const pauses = Array.from({ length: 200 }, () => backOffMs(failures));
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(mostMs / 2);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(mostMs);
      expect(new Set(pauses).size).toBeGreaterThan(10);
    }
  });
});
