// Scans the bytes of a trace v2 file, as they come, into columns and byte ranges: no text and no object of the whole file
// is ever made. Sound files only, by the measure of `JSON.parse`: at the first byte that is not, the scan says where and
// stops, and the tolerant reader takes over.

import { BYTE } from "./jsonTokens";
import type { Problem } from "./problem";
import { type FindingsPart, ScanFindings } from "./scanFindings";
import { mostKeptBytes, ScanKept } from "./scanKept";
import { linkRows } from "./scanLinks";
import { DONE, FAULT, MORE, ScanPayload, type ScanStop, textOfToken } from "./scanPayload";
import { type ByteRange, MARK, type RangedField, type ReadBytes } from "./scanRows";
import { ScanSpan } from "./scanSpan";
import type { ScanUsage } from "./scanUsage";
import { ScanWindow } from "./scanWindow";
import type { SpanColumns } from "./spanColumns";

/** A field of the trace beside its spans. */
export interface ScannedField extends ByteRange {
  /** Missing for one of more than 1 MiB. */
  readonly value?: unknown;
}

export interface ScannedTrace {
  readonly type: "sound";
  /** As `buildColumns` makes them, but for `label` and `outcome`, which are empty: see `scanLabel.ts`. */
  readonly columns: SpanColumns;
  /** Spans; the columns may have one row more. */
  readonly spanCount: number;
  /** What stands beside `spans`, by name. */
  readonly header: ReadonlyMap<string, ScannedField>;
  /** What `readSnapshot` reports of single spans that it mends. */
  readonly spanProblems: Problem[];
  /** What it reports of texts of which our own recorder says that it cut them. */
  readonly cutMarkProblems: Problem[];
  /** What it reports of texts which, by their length, another recorder cut. */
  readonly cutTextProblems: Problem[];
  /** What `buildColumns` reports. */
  readonly treeProblems: Problem[];
  readonly lengthBytes: number;
  readonly longestSpanBytes: number;
  idOf(row: number): string;
  /** The first row with this id; -1 where there is none. */
  rowOf(spanId: string): number;
  spanRange(row: number): ByteRange;
  /** The latest time of an event; -Infinity for none. */
  readonly latestEventMs: number;
  /** What spans report of their model, tokens and cost. */
  readonly usage: ScanUsage;
  /** What a span says of its model, as it is written, by the number in `usage`. */
  modelText(model: number): string;
  /** Of a span that ends before it starts its end as it is written, in milliseconds; else undefined. */
  reversedEndMs(row: number): number | undefined;
  /** A number for what a call does, see `scanAim`. */
  aimOf(row: number): number;
  /** The name of its tool may be another one than that of the span. */
  mayNameTool(row: number): boolean;
  /** The span was mended, so that its fields are not all as they stand in the file. */
  isMended(row: number): boolean;
  /** Undefined where the span does not have the field. */
  fieldRange(row: number, field: RangedField): ByteRange | undefined;
  /** All fields that may be large, in no order. */
  fieldRanges(row: number): readonly (ByteRange & { readonly field: RangedField })[];
}

/** The bytes are not those of a sound trace with a list of spans; at `offsetBytes` that shows. */
export interface DamagedScan {
  readonly type: "damaged";
  readonly offsetBytes: number;
}

const START = 0;
const KEY_OR_END = 1;
const KEY = 2;
const COLON = 3;
const VALUE = 4;
const PAYLOAD = 5;
const COMMA_OR_END = 6;
const SPAN_OR_END = 7;
const SPAN = 8;
const IN_SPAN = 9;
const SPAN_COMMA_OR_END = 10;
const TRAILING = 11;
const STOPPED = 12;

/** So many bytes stay in the processor's nearest memory. */
const usualWindowBytes = 128 * 1024;
const mark = [0xef, 0xbb, 0xbf];

const isSpace = new Uint8Array(256);
for (const byte of [BYTE.space, BYTE.tab, BYTE.lineFeed, BYTE.carriageReturn]) isSpace[byte] = 1;

/** A trace with every field of a span and every sort of value. */
const sample = `{"version":2,"spans":[{"spanId":"a","parentSpanId":null,"name":"n\\u00e9","kind":"tool","startTime":1795167000123.25,
"endTime":1795167000124.5,"status":"ok","statusMessage":"m","interrupted":false,"model":{"modelId":"m"},"finishReason":"stop",
"tokens":{"input":1},"cost":0.5,"tool":{"durationMs":1.5},"input":{"a":[1,"é\\n"]},"output":"o","attributes":{"b":null}}],"summary":{}}`;
let spare: TraceScanner | undefined;

/**
 * Keeps one scanner alive. Without it the engine forgets the shape of all of them with the last one, throws away what it
 * has compiled for them, and scans the next file at a fifth of the speed until it has compiled that again.
 */
function keepCompiled(): void {
  if (spare !== undefined) return;
  spare = new TraceScanner({ windowBytes: 256 });
  spare.push(new TextEncoder().encode(sample));
  spare.end();
}

/** What a scan found between the beginning of a span and that of a later one, or the end of the file. */
export interface ScannedPart {
  readonly findings: FindingsPart;
  readonly end:
    | { readonly type: "span"; readonly offsetBytes: number }
    /** With what stands behind the list of spans. */
    | {
        readonly type: "file";
        readonly lengthBytes: number;
        readonly header: readonly (readonly [string, ScannedField])[];
      };
}

export interface ScanOptions {
  /** The bytes that are pushed begin here, where a span of the trace's list does; else with the file. */
  readonly startBytes?: number | undefined;
  /** How many bytes are looked at together; the result does not depend on it. */
  readonly windowBytes?: number | undefined;
  /** Gives bytes that were pushed, for spans that are odd and whose attributes are too long to be held. */
  readonly readBack?: ReadBytes | undefined;
}

export class TraceScanner {
  readonly #window: ScanWindow;
  readonly #kept = new ScanKept();
  readonly #payload = new ScanPayload();
  readonly #readBack: ReadBytes | undefined;
  #findings = new ScanFindings();
  #span: ScanSpan | undefined;
  readonly #header = new Map<string, ScannedField>();
  #state = START;
  #hasSpans = false;
  #key = "";
  #valueBytes = 0;
  #faultAt = 0;
  #damage: DamagedScan | undefined;
  /** The list that was begun is the only one. */
  #isOnlyList = true;
  /** The scan stops before the first span that begins here or later. */
  stopAtBytes = Number.POSITIVE_INFINITY;

  constructor({ windowBytes = usualWindowBytes, readBack, startBytes }: ScanOptions = {}) {
    this.#window = new ScanWindow(windowBytes);
    this.#readBack = readBack;
    if (startBytes === undefined) return;
    this.#beginSpans();
    this.#window.moveTo(startBytes);
    this.#state = SPAN;
  }

  /** Where the span begins before which the scan has stopped; undefined where it has not. Bytes behind it were not taken. */
  get stoppedAtBytes(): number | undefined {
    return this.#state === STOPPED ? this.#window.baseBytes + this.#window.at : undefined;
  }

  /** Goes on with bytes that begin where the scan has stopped. */
  resume(): void {
    if (this.#state !== STOPPED) throw new Error("The scan has not stopped");
    this.#window.moveTo(this.#window.baseBytes + this.#window.at);
    this.#state = SPAN;
  }

  /** Where the scan has stopped, takes what was found from there on, and is then where that ends. */
  append({ findings, end }: ScannedPart): void {
    if (this.#state !== STOPPED) throw new Error("The scan has not stopped");
    this.#findings.append(findings);
    if (end.type === "span") {
      this.#window.moveTo(end.offsetBytes);
      return;
    }
    for (const [name, field] of end.header) this.#header.set(name, field);
    this.#window.moveTo(end.lengthBytes);
    this.#state = TRAILING;
  }

  /**
   * What was found since `startBytes`, once the scan has stopped or all bytes were pushed; undefined where that is not
   * sound, or not to be told from a part. Takes the findings over.
   */
  toPart(): ScannedPart | undefined {
    if (this.#damage === undefined) this.#readWindow();
    const offsetBytes = this.stoppedAtBytes;
    if (this.#damage !== undefined || !this.#isOnlyList) return undefined;
    const findings = this.#findings.toPart();
    if (findings === undefined) return undefined;
    if (offsetBytes !== undefined) return { findings, end: { type: "span", offsetBytes } };
    if (this.#state !== TRAILING) return undefined;
    const lengthBytes = this.#window.baseBytes + this.#window.end;
    return { findings, end: { type: "file", lengthBytes, header: [...this.#header] } };
  }

  /** How many spans are read so far. */
  get spanCount(): number {
    return this.#findings.rows.count;
  }

  /** Takes the next bytes, which may be changed afterwards. Damage that is returned is final. */
  push(chunk: Uint8Array): DamagedScan | undefined {
    keepCompiled();
    const window = this.#window;
    for (let from = 0; from < chunk.length && this.#damage === undefined && this.#state !== STOPPED; ) {
      from += window.fill(chunk, from);
      if (window.isFull || window.baseBytes + window.end >= this.stopAtBytes) this.#readWindow();
    }
    return this.#damage;
  }

  /** There are no more bytes. */
  end(): ScannedTrace | DamagedScan {
    if (this.#damage === undefined) this.#readWindow();
    if (this.#damage !== undefined) return this.#damage;
    const lengthBytes = this.#window.baseBytes + this.#window.end;
    if (this.#state !== TRAILING || !this.#hasSpans) return { type: "damaged", offsetBytes: lengthBytes };
    return this.#found(lengthBytes);
  }

  /**
   * After damage: what was read before it, as if the trace ended with the last span that is whole; undefined where no list
   * of spans had begun.
   */
  soundPart({ offsetBytes }: DamagedScan): ScannedTrace | undefined {
    return this.#hasSpans ? this.#found(offsetBytes) : undefined;
  }

  /** Takes the findings over: nothing can be pushed any more. */
  #found(lengthBytes: number): ScannedTrace {
    const findings = this.#findings;
    const { rows, ids } = findings;
    const { columns, problems } = linkRows(findings);
    return {
      type: "sound",
      columns,
      spanCount: rows.count,
      header: this.#header,
      spanProblems: findings.problems.toArray(),
      cutMarkProblems: findings.cutMarks.toArray(),
      cutTextProblems: findings.cutTexts.toArray(),
      treeProblems: problems,
      lengthBytes,
      longestSpanBytes: rows.longestBytes,
      latestEventMs: findings.latestEventMs,
      usage: findings.usage,
      idOf: (row) => ids.text(rows.id[row] ?? 0),
      rowOf: (spanId) => rows.rowOf(ids.find(spanId)),
      spanRange: (row) => rows.spanRange(row),
      isMended: (row) => rows.hasMark(row, MARK.mended),
      aimOf: (row) => rows.aimOf(row),
      mayNameTool: (row) => rows.hasMark(row, MARK.namesTool | MARK.mended),
      modelText: (model) => findings.models.text(model),
      reversedEndMs: (row) => findings.reversedEnds.get(row),
      fieldRange: (row, field) => rows.fieldRange(row, field),
      fieldRanges: (row) => rows.fieldRanges(row),
    };
  }

  #readWindow(): void {
    const window = this.#window;
    if (this.#run() === FAULT) {
      this.#damage = { type: "damaged", offsetBytes: window.baseBytes + this.#faultAt };
      return;
    }
    if (this.#state === IN_SPAN) this.#span?.keep(window);
    else if (this.#state === PAYLOAD) {
      const atBytes = window.baseBytes + window.at;
      if (atBytes - this.#valueBytes > mostKeptBytes) this.#kept.cutBack(0);
      else this.#kept.keepUpTo(window, atBytes);
    }
    window.slide();
  }

  #run(): ScanStop {
    const window = this.#window;
    const { bytes, end } = window;
    if (this.#state === STOPPED) return MORE;
    for (;;) {
      let at = window.at;
      if (this.#state !== PAYLOAD && this.#state !== IN_SPAN) {
        while (isSpace[bytes[at] ?? 0] === 1) at++;
        window.at = at;
        if (at >= end) return MORE;
      }
      const byte = bytes[at] ?? 0;
      switch (this.#state) {
        case START: {
          // The mark of UTF-8 may stand at the very start, where nothing was skipped.
          if (byte === mark[0] && at === 0 && window.baseBytes === 0) {
            for (let index = 0; index < mark.length; index++) {
              if (index >= end) return MORE;
              if (bytes[index] !== mark[index]) return this.#fault(index);
            }
            window.at = mark.length;
            continue;
          }
          if (byte !== BYTE.openBrace) return this.#fault(at);
          window.at = at + 1;
          this.#state = KEY_OR_END;
          continue;
        }
        case KEY_OR_END:
        case KEY: {
          if (byte === BYTE.closeBrace && this.#state === KEY_OR_END) {
            window.at = at + 1;
            this.#state = TRAILING;
            continue;
          }
          if (byte !== BYTE.quote) return this.#fault(at);
          const close = window.skipString(at + 1);
          if (close < 0) return this.#stop(window.faultIn(~close));
          this.#key = textOfToken(bytes.subarray(at, close + 1));
          window.at = close + 1;
          this.#state = COLON;
          continue;
        }
        case COLON:
          if (byte !== BYTE.colon) return this.#fault(at);
          window.at = at + 1;
          this.#state = VALUE;
          continue;
        case VALUE:
          if (this.#key === "spans") {
            if (byte !== BYTE.openBracket) return this.#fault(at);
            this.#beginSpans();
            window.at = at + 1;
            this.#state = SPAN_OR_END;
            continue;
          }
          this.#valueBytes = window.baseBytes + at;
          this.#kept.begin(this.#valueBytes);
          this.#payload.begin();
          this.#state = PAYLOAD;
          continue;
        case PAYLOAD: {
          const stop = this.#payload.run(window);
          if (stop === FAULT) return this.#fault(this.#payload.faultAt);
          if (stop === MORE) return MORE;
          this.#endValue();
          this.#state = COMMA_OR_END;
          continue;
        }
        case SPAN_OR_END:
        case SPAN:
          if (byte === BYTE.closeBracket && this.#state === SPAN_OR_END) {
            window.at = at + 1;
            this.#state = COMMA_OR_END;
            continue;
          }
          if (byte !== BYTE.openBrace) return this.#fault(at);
          if (window.baseBytes + at >= this.stopAtBytes) {
            this.#state = STOPPED;
            return MORE;
          }
          this.#span?.begin(window);
          this.#state = IN_SPAN;
          continue;
        case IN_SPAN: {
          const span = this.#span;
          const stop = span?.run(window) ?? DONE;
          if (stop === FAULT) return this.#fault(span?.faultAt ?? at);
          if (stop === MORE) return MORE;
          this.#state = SPAN_COMMA_OR_END;
          continue;
        }
        case SPAN_COMMA_OR_END:
        case COMMA_OR_END: {
          const isList = this.#state === SPAN_COMMA_OR_END;
          if (byte === BYTE.comma) this.#state = isList ? SPAN : KEY;
          else if (isList && byte === BYTE.closeBracket) this.#state = COMMA_OR_END;
          else if (!isList && byte === BYTE.closeBrace) this.#state = TRAILING;
          else return this.#fault(at);
          window.at = at + 1;
          continue;
        }
        default:
          return this.#fault(at);
      }
    }
  }

  /** Of two lists the last one counts. */
  #beginSpans(): void {
    if (this.#hasSpans) {
      this.#findings = new ScanFindings();
      this.#isOnlyList = false;
    }
    this.#hasSpans = true;
    this.#span = new ScanSpan(this.#findings, this.#kept, this.#readBack);
  }

  #endValue(): void {
    const window = this.#window;
    const endBytes = window.baseBytes + window.at;
    const range = { startBytes: this.#valueBytes, endBytes };
    const isHeld = endBytes - this.#valueBytes <= mostKeptBytes;
    this.#header.set(
      this.#key,
      isHeld ? { ...range, value: JSON.parse(this.#kept.text(window, endBytes)) as unknown } : range,
    );
  }

  #fault(at: number): ScanStop {
    this.#faultAt = at;
    return FAULT;
  }

  #stop(fault: number): ScanStop {
    return fault < 0 ? MORE : this.#fault(fault);
  }
}
