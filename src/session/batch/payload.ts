// What an item's payload is to what is run: bytes on a command's standard input, parameters of a playbook. Payloads of
// the SDK are unwrapped: a program gets the JSON that was triggered, not its envelope.

import { ItemRefused, type RunItem } from "../../batch/runner";
import { isFields } from "../../trace/soundSpan";

export const superJsonType = "application/super+json";
const jsonTypes = /^application\/(?:[\w.+-]+\+)?json\b/i;

/** As a command gets it; undefined where there is none. Rejects with `ItemRefused`. */
export async function commandPayload(item: Pick<RunItem, "payload" | "payloadType">): Promise<Uint8Array | undefined> {
  const bytes = await item.payload();
  if (bytes === undefined || !isSuperJson(item.payloadType)) return bytes;
  return new TextEncoder().encode(JSON.stringify(unwrapped(parsedJson(bytes)) ?? null));
}

/** By name; what is null was not given. Rejects with `ItemRefused`. */
export async function playbookParameters(
  item: Pick<RunItem, "payload" | "payloadType">,
): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await item.payload();
  if (bytes === undefined || bytes.length === 0) return {};
  const { payloadType } = item;
  if (payloadType !== undefined && !jsonTypes.test(payloadType)) {
    throw new ItemRefused("PAYLOAD_UNFIT", `A playbook takes parameters as JSON, and this payload is ${payloadType}.`);
  }
  const value = isSuperJson(payloadType) ? unwrapped(parsedJson(bytes)) : parsedJson(bytes);
  if (value === undefined || value === null) return {};
  if (!isFields(value)) {
    throw new ItemRefused("PAYLOAD_UNFIT", "A playbook takes an object with its parameters, and this payload is none.");
  }
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
}

function isSuperJson(type: string | undefined): boolean {
  return type?.toLowerCase().startsWith(superJsonType) === true;
}

/** What stands in `meta` says of which type some values were; they stay as they are written in JSON. */
function unwrapped(value: unknown): unknown {
  if (isFields(value) && "json" in value) return value["json"];
  throw new ItemRefused("PAYLOAD_UNFIT", `The payload says that it is ${superJsonType}, and has no "json".`);
}

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new ItemRefused("PAYLOAD_UNFIT", `The payload is no JSON: ${(error as Error).message}`);
  }
}
