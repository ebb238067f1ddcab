// The metadata of a session as it is known so far. Only fields that differ are written again.

import type { TraceMetadata } from "../trace/schema";
import { fieldOf, textOf } from "./safeJson";

/** What `startTrace` is told of a session. */
export interface StartMetadata {
  /** Name of the root span, in place of the session id. */
  instance_id?: string;
  title?: string;
  model?: string;
  providerId?: string;
  agent?: string;
  variant?: string;
  prompt?: string;
  userId?: string;
  environment?: string;
  version?: string;
  tags?: string[];
  /** What was run: sessions with equal commands count as runs of the same program. */
  command?: string;
}

const textFields = [
  "title",
  "model",
  "providerId",
  "agent",
  "variant",
  "prompt",
  "userId",
  "environment",
  "version",
  "command",
] as const;
type TextField = (typeof textFields)[number];

export class SessionMetadata {
  #fields: TraceMetadata;

  constructor(fields: TraceMetadata) {
    this.#fields = fields;
  }

  get fields(): TraceMetadata {
    return this.#fields;
  }

  /** JSON of those fields that are new or different; undefined where nothing changes. Empty texts change nothing. */
  change(changes: Partial<Readonly<Record<TextField, string | undefined>>>): string | undefined {
    const different = textFields.filter((name) => changes[name] && changes[name] !== this.#fields[name]);
    if (different.length === 0) return undefined;
    const changed = Object.fromEntries(different.map((name) => [name, changes[name]]));
    this.#fields = { ...this.#fields, ...changed };
    return JSON.stringify(changed);
  }
}

/** The fields that can be read; what is no text becomes one, and anything else is left out. */
export function readStartMetadata(given: unknown): TraceMetadata {
  const metadata: TraceMetadata = {};
  for (const name of textFields) {
    const text = textOf(fieldOf(given, name));
    if (text !== undefined) metadata[name] = text;
  }
  const tags = readTags(fieldOf(given, "tags"));
  return tags === undefined ? metadata : { ...metadata, tags };
}

function readTags(given: unknown): string[] | undefined {
  try {
    return Array.isArray(given) ? given.flatMap((tag: unknown) => textOf(tag) ?? []) : undefined;
  } catch {
    return undefined;
  }
}
