// The bytes of an image, fetched part by part, as an address that an element can draw. The address holds the bytes until
// it is given back.

import { type ImagePart, imagePartSchema } from "../../src/protocol/payloadMessages";
import type { PayloadImage } from "../../src/trace/payload";
import type { HostConnection } from "./hostConnection";

export interface ImageAddress {
  readonly epoch: number;
  readonly row: number;
  readonly field: "input" | "output";
  readonly image: number;
}

const partBytes = 1_048_576;

/** @param isWanted false as soon as nobody waits for it any more; then the answer is undefined */
export async function loadImage(
  connection: HostConnection,
  address: ImageAddress,
  { mediaType, bytes }: PayloadImage,
  isWanted: () => boolean,
): Promise<string | undefined> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  while (length < bytes) {
    const params = { ...address, from: length, length: Math.min(partBytes, bytes - length) };
    const part: ImagePart = await connection.request("payloadImage", params, imagePartSchema);
    if (!isWanted()) return undefined;
    if (part.bytes.length === 0 || part.totalBytes !== bytes) throw new Error("The image was replaced meanwhile");
    parts.push(part.bytes);
    length += part.bytes.length;
  }
  return URL.createObjectURL(new Blob(parts, { type: mediaType }));
}
