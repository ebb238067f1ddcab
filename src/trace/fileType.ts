// What a file that is not JSON seems to be, in words, from its first bytes.

import { skipWhiteSpace } from "./jsonTokens";

const signatures: readonly (readonly [readonly number[], string])[] = [
  [[0x1f, 0x8b], "compressed with gzip"],
  [[0x50, 0x4b, 0x03, 0x04], "a ZIP archive"],
  [[0x28, 0xb5, 0x2f, 0xfd], "compressed with Zstandard"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF"],
  [[0x89, 0x50, 0x4e, 0x47], "a PNG image"],
  [[0x7f, 0x45, 0x4c, 0x46], "a program"],
];

/** For example "HTML or XML", "binary data", "plain text". */
export function describeFileType(bytes: Uint8Array): string {
  for (const [signature, name] of signatures) {
    if (signature.every((byte, index) => bytes[index] === byte)) return name;
  }
  const lessThan = 0x3c;
  if (bytes[skipWhiteSpace(bytes, 0)] === lessThan) return "HTML or XML";
  const head = bytes.subarray(0, 512);
  return head.some((byte) => byte < 0x09) ? "binary data" : "plain text";
}
