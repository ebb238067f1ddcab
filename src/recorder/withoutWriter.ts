// The bytes of a trace of ours without its `writer` and what that noted of its disk: a copy is not the fold of a journal and
// must not claim to be one.

/** Between spans only: no text holds a line feed as it is. */
const startOfTail = '\n],"';
/** What follows the spans is far shorter. */
const heldBytes = 1024 * 1024;

/** Passes the bytes on, all but the last ones as they come. Throws where the writer can't be told from the rest. */
export async function* withoutWriter(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    held.push(piece);
    length += piece.length;
    for (let [first] = held; first !== undefined && length - first.length >= heldBytes; [first] = held) {
      held.shift();
      length -= first.length;
      yield first;
    }
  }
  const tail = Buffer.concat(held);
  const at = tail.lastIndexOf(startOfTail);
  if (at < 0) {
    if (tail.includes('"writer"')) throw new Error("The end of the trace can't be told from its spans");
    yield tail;
    return;
  }
  yield tail.subarray(0, at);
  const end = JSON.parse(`{${tail.toString("utf8", at + 3)}`) as Record<string, unknown>;
  const { writer: _writer, durability: _durability, ...rest } = end;
  yield Buffer.from(`\n],${JSON.stringify(rest).slice(1)}\n`);
}
