// What a list shows of a file of another program, from its first and its last 64 KB: title, start and model from the one
// end, the latest time and whether it has ended from the other. A file of both together is read whole.

import { basename } from "node:path";
import { finish } from "../base/steps";
import { detectFormat, type ImportFormat } from "../importers/detectFormat";
import { importSession, loadedSession } from "../importers/importSession";
import type { FileAccess } from "../store/fileAccess";
import { readFully, requireFile } from "../store/fileEdges";
import { firstLine } from "../store/firstLine";
import type { ForeignFiles, ForeignListing } from "../store/foreignFiles";
import type { SnapshotListing } from "../store/snapshotListing";
import { isPossibleTime } from "../trace/possibleTime";
import type { LoadedSession } from "../trace/sessionFiles";
import { companionsOf } from "./importedCompanions";

const endBytes = 64 * 1024;
const lineFeed = 0x0a;

export const importedFiles: ForeignFiles = {
  isForeign: (head) => importFormatOf(head) !== undefined,
  async list(access, path) {
    const { stamp, head, tail } = await readEnds(access, path);
    return { stamp, listing: listingOf(basename(path), head, tail) };
  },
  companionsOf,
};

function importFormatOf(head: Uint8Array): ImportFormat | undefined {
  const format = detectFormat(head);
  return format === "trace" || format === "unknown" || format === "empty" ? undefined : format;
}

interface Ends {
  readonly stamp: ForeignListing["stamp"];
  readonly head: Uint8Array;
  /** Undefined where `head` is all of it. */
  readonly tail: Uint8Array | undefined;
}

async function readEnds(access: FileAccess, path: string): Promise<Ends> {
  const file = await access.open(path);
  try {
    const stamp = await file.stat();
    requireFile(stamp);
    const read = file.read.bind(file);
    const size = stamp.sizeBytes;
    if (size <= 2 * endBytes) return { stamp, head: await readFully(read, 0, size), tail: undefined };
    const head = await readFully(read, 0, endBytes);
    return { stamp, head, tail: await readFully(read, size - endBytes, endBytes) };
  } finally {
    // A failed close of a file that was only read loses nothing.
    await file.close().catch(() => undefined);
  }
}

function listingOf(name: string, head: Uint8Array, tail: Uint8Array | undefined): SnapshotListing {
  const format = importFormatOf(head);
  if (format === undefined) {
    const isEmpty = head.every((byte) => byte === 0);
    return {
      isTrace: false,
      truncated: false,
      problem: isEmpty
        ? { code: "empty-file", severity: "error", message: "The file is empty" }
        : { code: "not-a-trace", severity: "error", message: "No format that can be opened" },
    };
  }
  if (tail === undefined) {
    const whole = read(format, name, head);
    return { ...headerOf(whole), ...totalsOf(whole), ...endOf(whole), isTrace: true, truncated: false };
  }
  const first = read(format, name, head.subarray(0, head.lastIndexOf(lineFeed) + 1));
  const last = read(format, name, tail.subarray(tail.indexOf(lineFeed) + 1));
  // A document that goes over many lines tells nothing at its end.
  const hasEnd = last.trace.spans.length > 0;
  return { ...headerOf(first), ...(hasEnd ? endOf(last) : {}), isTrace: true, truncated: false };
}

function read(format: ImportFormat, name: string, bytes: Uint8Array): LoadedSession {
  const session = importSession(format);
  finish(session.addFile().push(bytes));
  return finish(loadedSession(session, name, undefined));
}

function headerOf({ sessionId, trace }: LoadedSession): Partial<SnapshotListing> {
  const { title, prompt, agent, model } = trace.metadata;
  const startedMs = Date.parse(trace.startedAt);
  return {
    sessionId,
    title,
    prompt: firstLine(prompt),
    agent,
    model,
    startedMs: isPossibleTime(startedMs) ? startedMs : undefined,
  };
}

/** What only all of the spans add up to. */
function totalsOf({ trace, evidence }: LoadedSession): Partial<SnapshotListing> {
  const failures = trace.spans.filter(({ status, interrupted }) => status === "error" && interrupted !== true).length;
  const { totalTokens, totalCost } = trace.summary;
  return { totalTokens, totalCost, failures, openSpans: evidence.openSpans, openGenerations: evidence.openGenerations };
}

function endOf({ evidence }: LoadedSession): Partial<SnapshotListing> {
  const { rootOpen, rootStatus, rootError, rootEndMs, finalFinishReason, lastActivityMs, openSpans } = evidence;
  return { rootOpen, rootStatus, rootError, rootEndMs, finalFinishReason, lastActivityMs, openSpans };
}
