// Reads damaged JSON byte by byte, with its own stack, and keeps what is sound: everything that was complete before the
// damage, a partial span that has at least its id, and, after the damage, whatever starts at the next span or key.
// On sound bytes it gives what `JSON.parse` gives. It never goes back behind the place where it last went on.

import { finish, type Steps } from "../base/steps";
import { damageProblem, type Fault, skippedProblem, trailingProblem, trailingType } from "./damageProblems";
import { isFields, JsonStack } from "./jsonStack";
import {
  BYTE,
  endOfNuls,
  isLooseByte,
  isOpenerByte,
  isScalarByte,
  isStructuralByte,
  readScalar,
  readString,
  skipWhiteSpace,
  type Token,
} from "./jsonTokens";
import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import { type ResumePoint, ResumeSearch } from "./resumePoint";

type Expect = "value" | "valueOrEnd" | "key" | "keyOrEnd" | "colon" | "commaOrEnd" | "nothing";

export interface DamagedJson {
  /** Undefined where nothing could be read. */
  readonly value: unknown;
  readonly problems: Problem[];
  /** The bytes end, or can't be read any more, before the document ends. */
  readonly truncated: boolean;
  /** Something is missing that the document once held. */
  readonly damaged: boolean;
}

/** Read between two pauses. */
const bytesPerStep = 256 * 1024;

/** @param startBytes offset at which the document begins: behind a mark of the encoding, where there is one. */
export function readDamagedJson(bytes: Uint8Array, startBytes = 0): DamagedJson {
  return finish(readDamagedInSteps(bytes, startBytes));
}

export function readDamagedInSteps(bytes: Uint8Array, startBytes = 0): Steps<DamagedJson> {
  return new DamagedJsonReader(bytes, startBytes).read();
}

class DamagedJsonReader {
  readonly #bytes: Uint8Array;
  readonly #stack = new JsonStack();
  readonly #search: ResumeSearch;
  readonly #problems = new ProblemList();
  #at: number;
  #expect: Expect = "value";
  #lastStringBytes = 0;
  #resumedAt = -1;
  #damaged = false;

  constructor(bytes: Uint8Array, startBytes: number) {
    this.#bytes = bytes;
    this.#at = startBytes;
    this.#search = new ResumeSearch(bytes);
  }

  *read(): Steps<DamagedJson> {
    for (;;) {
      const fault = this.#readOn(this.#at + bytesPerStep);
      if (fault === "paused") {
        yield;
        continue;
      }
      const goesOn = fault === undefined ? this.#readTrailing() : this.#recover(fault);
      if (goesOn) continue;
      return {
        value: this.#stack.root,
        problems: this.#problems.toArray(),
        truncated: fault !== undefined,
        damaged: this.#damaged,
      };
    }
  }

  /** Reads until the document ends (undefined), something is wrong, or a place is reached. */
  #readOn(untilBytes: number): Fault | "paused" | undefined {
    while (this.#expect !== "nothing") {
      if (this.#at >= untilBytes) return "paused";
      this.#at = skipWhiteSpace(this.#bytes, this.#at);
      const byte = this.#bytes[this.#at];
      const fault = byte === undefined ? this.#fault("cut") : this.#step(byte);
      if (fault === undefined) continue;
      if (fault.type !== "syntax" || !this.#skipForeignByte(fault)) return fault;
    }
    return undefined;
  }

  #step(byte: number): Fault | undefined {
    const expect = this.#expect;
    switch (expect) {
      case "value":
      case "valueOrEnd":
        if (byte === BYTE.closeBracket && expect === "valueOrEnd") return this.#close();
        if (byte === BYTE.openBracket && this.#skipForeignList()) return undefined;
        return this.#readValue(byte);
      case "key":
      case "keyOrEnd":
        if (byte === BYTE.closeBrace && expect === "keyOrEnd") return this.#close();
        return byte === BYTE.quote ? this.#readKey() : this.#fault("syntax");
      case "colon":
        if (byte !== BYTE.colon) return this.#fault("syntax");
        this.#at++;
        this.#expect = "value";
        return undefined;
      case "commaOrEnd": {
        const isList = Array.isArray(this.#stack.top);
        if (byte === BYTE.comma) {
          this.#at++;
          this.#expect = isList ? "value" : "key";
          return undefined;
        }
        return byte === (isList ? BYTE.closeBracket : BYTE.closeBrace) ? this.#close() : this.#fault("syntax");
      }
      default:
        return undefined;
    }
  }

  #readKey(): Fault | undefined {
    const token = readString(this.#bytes, this.#at, this.#reportCharacter);
    if (token.type !== "ok") return this.#tokenFault(token);
    if (this.#stack.depth === 1) this.#search.learnKey(this.#at);
    this.#stack.setKey(token.value);
    this.#lastStringBytes = this.#at;
    this.#at = token.endBytes;
    this.#expect = "colon";
    return undefined;
  }

  #readValue(byte: number): Fault | undefined {
    if (byte === BYTE.openBrace || byte === BYTE.openBracket) {
      this.#stack.open(byte === BYTE.openBrace ? {} : [], this.#at);
      this.#at++;
      this.#expect = byte === BYTE.openBrace ? "keyOrEnd" : "valueOrEnd";
      return undefined;
    }
    const isText = byte === BYTE.quote;
    const token = isText
      ? readString(this.#bytes, this.#at, this.#reportCharacter)
      : readScalar(this.#bytes, this.#at, this.#stack.depth === 0);
    if (token.type !== "ok") {
      return !isText && token.type === "bad" && this.#skipScalar() ? undefined : this.#tokenFault(token);
    }
    if (isText) this.#lastStringBytes = this.#at;
    this.#at = token.endBytes;
    this.#stack.attach(token.value, token.endBytes);
    this.#expect = this.#stack.depth === 0 ? "nothing" : "commaOrEnd";
    return undefined;
  }

  #close(): undefined {
    this.#at++;
    const { container, openBytes } = this.#stack.close(this.#at);
    if (this.#stack.isInSpans && isFields(container)) this.#search.learnSpan(openBytes, container);
    this.#expect = this.#stack.depth === 0 ? "nothing" : "commaOrEnd";
    return undefined;
  }

  #fault(type: Fault["type"]): Fault {
    const at = this.#at;
    const isNul = type === "syntax" && isNulRun(this.#bytes, at);
    // Right after a text the text itself is suspect: without its closing quote it ran on to the next one.
    const afterText =
      this.#expect === "colon" || (this.#expect === "commaOrEnd" && typeof this.#stack.last?.value === "string");
    return {
      type: isNul ? "nul" : type,
      atBytes: at,
      searchFromBytes: isNul ? endOfNuls(this.#bytes, at) : afterText ? this.#lastStringBytes : at,
    };
  }

  #tokenFault(token: Exclude<Token<unknown>, { readonly type: "ok" }>): Fault {
    const length = this.#bytes.length;
    if (token.type === "cut") return { type: "cut", atBytes: length, searchFromBytes: length };
    const isNul = isNulRun(this.#bytes, token.atBytes);
    return {
      type: isNul ? "nul" : "syntax",
      atBytes: token.atBytes,
      searchFromBytes: isNul ? endOfNuls(this.#bytes, token.atBytes) : this.#at,
    };
  }

  readonly #reportCharacter = (atBytes: number): void => {
    this.#damaged = true;
    this.#problems.add(
      {
        code: "syntax",
        severity: "warning",
        message: "A text holds a byte that may not stand there",
        offsetBytes: atBytes,
        spanIndex: this.#stack.spanIndex,
      },
      "character",
    );
  };

  /** A damaged number or literal holds no structure: it is left out, and reading goes on behind it. */
  #skipScalar(): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let end = start;
    while (end < bytes.length && end - start < 64 && isLooseByte(bytes[end] ?? 0)) end++;
    const next = bytes[skipWhiteSpace(bytes, end)];
    const container = this.#stack.top;
    if (end === start || container === undefined) return false;
    if (next !== BYTE.comma && next !== (Array.isArray(container) ? BYTE.closeBracket : BYTE.closeBrace)) return false;
    this.#skip("A value could not be read", start, end);
    // In a list the place of the value stays, except among spans, where an empty place says nothing.
    if (Array.isArray(container) && !this.#stack.isInSpans) container.push(null);
    this.#stack.forgetLast();
    this.#expect = "commaOrEnd";
    return true;
  }

  /**
   * One foreign byte between two tokens is skipped; where a comma, a colon or the first brace is missing, it stands for
   * that. Only when what follows fits, because anything else means that more than this byte is damaged.
   */
  #skipForeignByte(fault: Fault): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (fault.atBytes !== at || isStructuralByte(bytes[at] ?? 0)) return false;
    const following = skipWhiteSpace(bytes, at + 1);
    if (following >= bytes.length) return false;
    const expect = this.#expectAfterForeign(bytes[at] ?? 0, following);
    if (expect === undefined) return false;
    if (this.#stack.depth === 0) this.#stack.open({}, at);
    this.#skip("A byte that does not belong there was skipped", at, at + 1);
    this.#expect = expect;
    return true;
  }

  /** A list among the spans is none: white space before a span is what is damaged. */
  #skipForeignList(): boolean {
    if (!this.#stack.isInSpans || this.#bytes[skipWhiteSpace(this.#bytes, this.#at + 1)] !== BYTE.openBrace)
      return false;
    this.#skip("A byte that does not belong there was skipped", this.#at, this.#at + 1);
    return true;
  }

  #expectAfterForeign(foreign: number, following: number): Expect | undefined {
    const expect = this.#expect;
    const next = this.#bytes[following] ?? 0;
    const container = this.#stack.top;
    const isList = Array.isArray(container);
    const isCloser = next === (isList ? BYTE.closeBracket : BYTE.closeBrace);
    const isValue = isOpenerByte(next) || isScalarByte(next);
    if (container === undefined) return isKeyAt(this.#bytes, following) ? "key" : undefined;
    switch (expect) {
      case "commaOrEnd":
        if (this.#isSuspectText()) return undefined;
        if (next === BYTE.comma || isCloser) return expect;
        if (isList) return next === BYTE.openBrace ? "value" : undefined;
        return isKeyAt(this.#bytes, following) ? "key" : undefined;
      case "colon":
        if (next === BYTE.colon) return expect;
        // Two letters more likely go on after a text that ended too early.
        return isValue && !(isScalarByte(foreign) && isScalarByte(next)) ? "value" : undefined;
      case "key":
      case "keyOrEnd":
        return isKeyAt(this.#bytes, following) || (expect === "keyOrEnd" && isCloser) ? expect : undefined;
      default:
        // A letter or a digit before a value belongs to it.
        return isValue && !isScalarByte(foreign) ? expect : undefined;
    }
  }

  #skip(what: string, fromBytes: number, toBytes: number): void {
    this.#damaged = true;
    this.#problems.add(skippedProblem(what, fromBytes, toBytes, this.#stack.spanIndex));
    this.#at = toBytes;
  }

  /** A text that ends in `,` or `:` right before a fault has most likely lost its closing quote. */
  #isSuspectText(): boolean {
    const last = this.#stack.last;
    return typeof last?.value === "string" && last.endBytes === this.#at && /[,:{[][ \t]*$/.test(last.value.slice(-40));
  }

  /** Keeps what is sound, reports the fault and finds where to go on. False: nowhere. */
  #recover(fault: Fault): boolean {
    this.#damaged = true;
    if (this.#isMisread(fault)) this.#stack.takeBackLast();
    const spanIndex = this.#stack.spanIndex;
    const span = this.#stack.keepPartial();
    const resume = fault.type === "cut" ? undefined : this.#findResume(fault.searchFromBytes, true);
    this.#problems.add(damageProblem(fault, this.#bytes, resume, { spanIndex, span }));
    return this.#resume(resume);
  }

  /** The value before the fault is not what was written: a key taken for a value, half a number, a text that ran on. */
  #isMisread(fault: Fault): boolean {
    const last = this.#stack.last;
    if (last === undefined || fault.atBytes !== this.#at) return false;
    const byte = this.#bytes[fault.atBytes];
    if (last.container === this.#stack.spans && typeof last.value !== "object") return true;
    if (typeof last.value === "string" && Array.isArray(last.container) && byte === BYTE.colon) return true;
    const afterComma = this.#bytes[last.endBytes] === BYTE.comma && fault.atBytes === last.endBytes + 1;
    // Its other digits may be what a hole has taken.
    const isCutByHole = byte === BYTE.nul && fault.atBytes === last.endBytes;
    const isHalf = isCutByHole || (afterComma && isScalarByte(byte ?? 0));
    return (typeof last.value === "number" && isHalf) || this.#isSuspectText();
  }

  #findResume(searchFromBytes: number, withSpans: boolean): ResumePoint | undefined {
    return this.#search.find(Math.max(searchFromBytes, this.#resumedAt + 1), {
      withSpans,
      isHeader: withSpans && this.#stack.spans === undefined,
      // Outside of any span the white space before the next one may be what is damaged.
      nearBytes: this.#stack.depth <= 2 ? 64 : 0,
    });
  }

  #resume(resume: ResumePoint | undefined): boolean {
    if (resume === undefined) return false;
    if (resume.type === "span") this.#stack.backToSpans();
    else this.#stack.backToRoot();
    this.#expect = resume.type === "span" ? "value" : "key";
    this.#at = resume.atBytes;
    this.#resumedAt = resume.atBytes;
    return true;
  }

  /** What stands after the document. True where it goes on there, because damage had closed it too early. */
  #readTrailing(): boolean {
    const bytes = this.#bytes;
    const start = skipWhiteSpace(bytes, this.#at);
    if (start === bytes.length) return false;
    const root = this.#stack.root;
    const isWhole = isFields(root) && Array.isArray(root["spans"]) && isFields(root["summary"]);
    const type = trailingType(bytes, this.#at, start);
    // A whole document can only go on with a key; older content behind it has spans as well.
    if (type === "other" && (!isWhole || bytes[start] === BYTE.quote)) {
      const resume = this.#findResume(isFields(root) ? start : this.#lastStringBytes, !isWhole);
      if (resume !== undefined) {
        this.#damaged = true;
        const fault: Fault = { type: "syntax", atBytes: start, searchFromBytes: start };
        this.#problems.add(damageProblem(fault, bytes, resume, { spanIndex: undefined, span: "none" }));
        return this.#resume(resume);
      }
    }
    this.#problems.add(trailingProblem(type, this.#at, start, bytes.length));
    return false;
  }
}

/** One NUL byte is a flipped character; several are a hole. */
function isNulRun(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === BYTE.nul && (bytes[at + 1] ?? BYTE.nul) === BYTE.nul;
}

/** True where a short text and a colon stand. */
function isKeyAt(bytes: Uint8Array, offset: number): boolean {
  if (bytes[offset] !== BYTE.quote) return false;
  const end = bytes.subarray(offset + 1, offset + 257).indexOf(BYTE.quote);
  return end >= 0 && bytes[skipWhiteSpace(bytes, offset + end + 2)] === BYTE.colon;
}
