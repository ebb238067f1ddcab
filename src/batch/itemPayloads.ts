// Items whose payload was uploaded apart (`application/store`) get what was uploaded: the batch then has all that its runs
// need, and nobody has to keep the upload.

import type { ItemLine } from "./itemLine";
import type { PacketStore } from "./packetStore";

export const storedType = "application/store";

export async function* withPackets(
  lines: AsyncIterable<ItemLine>,
  packets: Pick<PacketStore, "keyOf" | "get">,
): AsyncGenerator<ItemLine> {
  for await (const item of lines) {
    if (item.payloadType !== storedType || item.payload === undefined) {
      yield item;
      continue;
    }
    const name = new TextDecoder().decode(item.payload);
    const packet = await packets.get(packets.keyOf(name));
    if (packet !== undefined) yield { ...item, payload: packet.bytes, payloadType: packet.type };
    else {
      const { payload: _, payloadType: __, ...rest } = item;
      const message = `Its payload was to be uploaded as "${name.slice(0, 200)}", and is not there`;
      yield { ...rest, problem: { code: "PAYLOAD_MISSING", message } };
    }
  }
}
