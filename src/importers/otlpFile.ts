// A file of OTLP/JSON: one request, a list of them, or one a line, as collectors and exporters write them; VS Code's agent
// debug panel exports one request. Lines are read as they come, a document that goes over many lines when all of it is
// there, in pieces, so that nobody waits for a large one.

import { finish, type Steps } from "../base/steps";
import type { Problem } from "../trace/problem";
import type { ProblemList } from "../trace/problemList";
import { parseInSteps } from "../trace/tolerantJson";
import { ImportedFile } from "./importedFile";
import { OtlpFault } from "./otlpFault";
import type { Fields } from "./otlpFields";
import { OtlpSpans } from "./otlpSpans";
import { isFields, own, part, text } from "./recordFields";
import { isSdkSpan, requestOfSdkSpan } from "./sdkSpan";
import type { Complaint, TranscriptRecord } from "./transcript";

/** So much of the beginning tells how the file is written. */
const headBytes = 64 * 1024;
/** Text of more can't be made by the engine. */
const longestDocument = 500 * 1024 * 1024;
const openBrace = 0x7b;
const openBracket = 0x5b;
const lineFeed = 0x0a;

export class OtlpFile {
  spans = new OtlpSpans();
  /** As VS Code's own agent names the session beside the spans. */
  sessionId: string | undefined;
  readonly #lines: ImportedFile;
  #problems: ProblemList;
  #pieces: Buffer[] = [];
  #sizeBytes = 0;
  #mode: "lines" | "document" | undefined;
  /** The first bytes, while more of them may tell something else. */
  #head: Buffer = Buffer.alloc(0);
  #isHeadOpen = true;
  #isParsed = false;
  #documentProblems: readonly Problem[] = [];
  #contradicts = false;
  #complaints: Complaint[] = [];

  constructor(problems: ProblemList) {
    this.#problems = problems;
    this.#lines = new ImportedFile({ importer: this, problems, number: 0 });
  }

  get contradicts(): boolean {
    return this.#contradicts || this.#lines.contradicts;
  }

  *push(bytes: Uint8Array): Steps<void> {
    if (bytes.length === 0) return;
    if (this.#isHeadOpen) this.#head = Buffer.concat([this.#head, bytes]).subarray(0, headBytes);
    this.#sizeBytes += bytes.length;
    // A document is whole or it is not.
    if (this.#isParsed) this.#contradicts = true;
    if (this.#mode === "lines") yield* this.#lines.push(bytes);
    else if (this.#sizeBytes <= longestDocument) this.#pieces.push(Buffer.from(bytes));
    if (this.#isHeadOpen && this.#sizeBytes >= headBytes) yield* this.#decide();
  }

  /** What a short beginning tells may be another thing once there is more of it. */
  *#decide(): Steps<void> {
    const mode = isOfLines(this.#head) ? "lines" : "document";
    if (this.#sizeBytes >= headBytes) {
      this.#isHeadOpen = false;
      this.#head = Buffer.alloc(0);
    }
    if (this.#mode !== undefined) {
      if (this.#mode !== mode) this.#contradicts = true;
      return;
    }
    this.#mode = mode;
    if (mode === "document") return;
    const pieces = this.#pieces;
    this.#pieces = [];
    for (const piece of pieces) yield* this.#lines.push(piece);
  }

  /** All bytes that there are have been given. */
  *atEnd(): Steps<readonly Problem[]> {
    if (this.#isHeadOpen) yield* this.#decide();
    if (this.#mode === "lines") return [this.#lines.atEnd() ?? []].flat();
    if (this.#isParsed) return this.#documentProblems;
    this.#isParsed = true;
    if (this.#sizeBytes > longestDocument) {
      return [{ code: "unreadable", severity: "error", message: "The document is too long to be read at once" }];
    }
    this.#documentProblems = yield* this.#parse(Buffer.concat(this.#pieces));
    this.#pieces = [];
    return this.#documentProblems;
  }

  *#parse(bytes: Buffer): Steps<readonly Problem[]> {
    const { value, problems } = yield* parseInSteps(bytes);
    const requests: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const [index, request] of requests.entries()) {
      const where = Array.isArray(value) ? `[${index}]` : "";
      if (isFields(request)) {
        yield* this.#request(request, where);
      }
      yield;
    }
    for (const { key, message, severity } of this.#complaints) {
      this.#problems.add({ code: "invalid-span", severity, message, offsetBytes: 0 }, key);
    }
    this.#complaints = [];
    return problems;
  }

  /** One line. */
  take({ fields }: TranscriptRecord): void {
    finish(this.#request(fields, ""));
  }

  takeComplaint(): Complaint | undefined {
    return this.#complaints.shift();
  }

  /** A line may hold a list of requests. */
  readonly takesLists = true;
  /** Of its spans. */
  readonly hasIdsInLines = true;

  *#request(fields: Fields, where: string): Steps<void> {
    this.sessionId ??= text(part(fields, "copilotChat"), "sessionId");
    try {
      const request = isSdkSpan(fields) ? requestOfSdkSpan(fields) : fields;
      if (request === fields && !isRequest(fields)) {
        const key = holdsOthers(fields) ? "others" : "no-request";
        const message = key === "others" ? "Logs or metrics, which hold no spans, are left out" : "No OTLP request";
        this.#complaints.push({ key, message, severity: key === "others" ? "info" : "warning" });
        return;
      }
      const faults = yield* this.spans.taking(request);
      for (const { place, reason } of faults)
        this.#complain(`${where}${where === "" ? "" : "."}${place} ${reason}`, reason);
    } catch (thrown) {
      if (!(thrown instanceof OtlpFault)) throw thrown;
      this.#complain(thrown.sentence, thrown.reason);
    }
  }

  #complain(message: string, key: string): void {
    this.#complaints.push({ key: `fault ${key}`, message: `A span is left out: ${message}`, severity: "warning" });
  }
}

/** Whether a beginning has a line that is a request by itself. */
function isOfLines(head: Buffer): boolean {
  const first = head.findIndex((byte) => byte > 0x20 && byte < 0x80);
  if (head[first] !== openBrace && head[first] !== openBracket) return true;
  // A document on one line is a line.
  if (head.indexOf(lineFeed, first) < 0) return true;
  return head
    .toString("utf8")
    .split("\n")
    .some((line) => isWhole(line.trim()));
}

function isWhole(line: string): boolean {
  if (!/^[[{].*[\]}]$/.test(line)) return false;
  try {
    const value: unknown = JSON.parse(line);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return isFields(first) && isOtlpRecord(first);
  } catch {
    return false;
  }
}

function isRequest(fields: Fields): boolean {
  return Array.isArray(own(fields, "resourceSpans") ?? own(fields, "resource_spans"));
}

function holdsOthers(fields: Fields): boolean {
  return ["resourceLogs", "resourceMetrics", "resource_logs", "resource_metrics"].some((name) => own(fields, name));
}

/** Whether a record holds spans of OpenTelemetry. */
export function isOtlpRecord(fields: Fields): boolean {
  return isRequest(fields) || isSdkSpan(fields);
}
