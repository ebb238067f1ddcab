import { describe, expect, it } from "vitest";
import { fitsMasked } from "../../src/trace/maskedText";

describe("a masked text", () => {
  it.each([
    ["a/•••/b", "a/secret/b", true],
    ["•••.yaml", "secret.yaml", true],
    ["a•••", "asecret", true],
    ["•••-•••", "one-two-three", true],
    ["••••••", "secret", true],
    ["plain", "plain", true],
    ["plain", "other", false],
    ["a/•••/b", "a//b", false],
    ["a/•••/b", "a/secret/c", false],
    ["a/•••/b", "b/secret/b", false],
    ["aba•••aba", "ababa", false],
    ["•••-•••.y", "one-.y", false],
  ])("%j fits %j: %j", (masked, text, fits) => {
    expect(fitsMasked(masked, text)).toBe(fits);
  });
});
