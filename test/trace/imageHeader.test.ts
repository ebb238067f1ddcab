import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageHeader } from "../../src/trace/imageHeader";
import { images } from "./imageSamples";

describe("imageHeader", () => {
  it.each([
    ["png", "image/png", 3, 2],
    ["gif", "image/gif", 5, 4],
    ["bmp", "image/bmp", 6, 7],
    ["jpeg", "image/jpeg", 44, 33],
    ["webpLossy", "image/webp", 16, 32],
    ["webpLossless", "image/webp", 10, 20],
    ["webpExtended", "image/webp", 100, 50],
    ["avif", "image/avif", 11, 12],
  ] as const)("reads the sort and the size of %s", (name, mediaType, width, height) => {
    expect(imageHeader(images[name])).toEqual({ mediaType, width, height });
  });

  it.each([
    ["nothing", ""],
    ["a document that draws", "<svg xmlns='http://www.w3.org/2000/svg'/>"],
    ["two letters", "BM and then some words that are long enough"],
    ["a sound", "RIFF....WAVEfmt "],
    ["a film", "\0\0\0\x1cftypisom"],
  ])("takes %s for no image", (_name, text) => {
    expect(imageHeader(Buffer.from(text, "latin1"))).toBeUndefined();
  });

  it("says the sort and no size where the beginning ends too early, and fails on no bytes at all", () => {
    for (const image of Object.values(images)) {
      for (let length = 0; length < image.length; length++) {
        const header = imageHeader(image.subarray(0, length));
        if (header?.width !== undefined) expect(header).toEqual(imageHeader(image));
      }
    }
    const prefixes = fc.constantFrom(...Object.values(images).map((image) => [...image.subarray(0, 16)]), []);
    fc.assert(
      fc.property(prefixes, fc.uint8Array({ maxLength: 300 }), (prefix, rest) => {
        imageHeader(Uint8Array.from([...prefix, ...rest]));
      }),
      { numRuns: 3_000 },
    );
  });
});
