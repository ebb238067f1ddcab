// The body of an answer, read piece by piece up to a limit: nobody's server can fill our memory.

export interface LimitedBody {
  readonly bytes: number;
  /** More came than was allowed; the rest was not read. */
  readonly isTooLong: boolean;
}

/** Rejects as the stream does. @param take gets each piece within the limit */
export async function readLimited(
  body: ReadableStream<Uint8Array> | null,
  mostBytes: number,
  take: (bytes: Buffer) => void,
): Promise<LimitedBody> {
  let bytes = 0;
  if (body === null) return { bytes, isTooLong: false };
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes, isTooLong: false };
      if (bytes + value.length > mostBytes) return { bytes, isTooLong: true };
      bytes += value.length;
      take(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }
  } finally {
    // What is left is not wanted; of a stream that has ended this does nothing.
    await reader.cancel().catch(() => undefined);
  }
}
