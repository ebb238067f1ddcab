// What a client is answered, in the encoding of its request: an export response with what was refused for good, or a
// `google.rpc.Status` with the reason of a refusal. After the OTLP specification, "OTLP/HTTP Response".

import type { Refusal } from "./otlpAccess";

export type OtlpEncoding = "json" | "protobuf";

export const contentTypes: Readonly<Record<OtlpEncoding, string>> = {
  json: "application/json",
  protobuf: "application/x-protobuf",
};

/** The name under which a response of OTLP/JSON counts what was refused. */
export type RejectedName = "rejectedSpans" | "rejectedLogRecords" | "rejectedDataPoints";

export interface Acceptance {
  readonly status: 200;
  /** Where something was refused for good, or is to be said. */
  readonly partial?: { readonly name: RejectedName; readonly count: number; readonly message: string } | undefined;
}

export type OtlpAnswer = Acceptance | Refusal;

export function isRefusal(answer: OtlpAnswer): answer is Refusal {
  return "message" in answer;
}

/** The encoding that a Content-Type names; undefined for another type. */
export function encodingOfType(contentType: string | undefined): OtlpEncoding | undefined {
  switch ((contentType ?? "").split(";", 1)[0]?.trim().toLowerCase()) {
    case "application/json":
      return "json";
    case "application/x-protobuf":
    // Some clients leave the x away.
    case "application/protobuf":
      return "protobuf";
    default:
      return undefined;
  }
}

export function answerBody(answer: OtlpAnswer, encoding: OtlpEncoding): Buffer {
  if (encoding === "json") return Buffer.from(JSON.stringify(jsonOf(answer)));
  if (isRefusal(answer)) return textField(2, answer.message);
  if (answer.partial === undefined) return Buffer.alloc(0);
  const { count, message } = answer.partial;
  const rejected = count === 0 ? [] : [0x08, ...varint(count)];
  return messageField(1, Buffer.concat([Buffer.from(rejected), textField(2, message)]));
}

function jsonOf(answer: OtlpAnswer): object {
  if (isRefusal(answer)) return { message: answer.message };
  if (answer.partial === undefined) return {};
  const { name, count, message } = answer.partial;
  return { partialSuccess: { [name]: count, errorMessage: message } };
}

function textField(number: number, text: string): Buffer {
  return text === "" ? Buffer.alloc(0) : messageField(number, Buffer.from(text));
}

function messageField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
