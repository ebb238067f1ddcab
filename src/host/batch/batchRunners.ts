// Who runs a batch, as far as this window can tell: the file beside the log says which process works on it and where that
// can be asked. In Restricted Mode that file is not read, and the process that the log names last is looked for instead.

import { readOwner } from "../../batch/ownerFile";
import type { BatchWriter } from "../../trace/batch/batchRecord";
import type { ProbeLiveness } from "../../trace/sessionFiles";
import type { RunnerFacts } from "./batchHeader";

/** Of the process that runs a batch. */
export interface BatchEndpoint {
  readonly url: string;
  readonly token: string;
}

interface Seen {
  readonly facts: RunnerFacts;
  readonly endpoint: BatchEndpoint | undefined;
}

export interface BatchRunnersOptions {
  readonly probe: ProbeLiveness;
  readonly mayReadOwner: () => boolean;
}

const unknown: RunnerFacts = { type: "unknown", isReachable: false };

export class BatchRunners {
  readonly #options: BatchRunnersOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: BatchRunnersOptions) {
    this.#options = options;
  }

  /** As it was when it was looked at last. @param key path of the batch's log */
  of(key: string): RunnerFacts {
    return this.#seen.get(key)?.facts ?? unknown;
  }

  /** Where the process can be asked. */
  endpoint(key: string): BatchEndpoint | undefined {
    return this.#seen.get(key)?.endpoint;
  }

  /** Looks again. Never rejects. @param writer as the log names it */
  async look(key: string, writer: BatchWriter | undefined): Promise<RunnerFacts> {
    const seen = await this.#look(key, writer);
    this.#seen.set(key, seen);
    return seen.facts;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }

  async #look(key: string, writer: BatchWriter | undefined): Promise<Seen> {
    if (!this.#options.mayReadOwner()) return { facts: this.#factsOf(writer, false), endpoint: undefined };
    const owner = await readOwner(key.replace(/\.batch\.ndjson$/, ".owner"));
    // Who works on a batch says so before all else.
    if (owner === undefined) return { facts: { ...this.#factsOf(writer, false), type: "gone" }, endpoint: undefined };
    const { url, token } = owner;
    const endpoint = url !== undefined && token !== undefined && isLoopback(url) ? { url, token } : undefined;
    return { facts: this.#factsOf(owner, endpoint !== undefined), endpoint };
  }

  #factsOf(writer: BatchWriter | undefined, isReachable: boolean): RunnerFacts {
    if (writer === undefined) return unknown;
    const type = this.#options.probe({ ...writer, instance: writer.instance ?? "" });
    return { type, pid: writer.pid, host: writer.host, isReachable };
  }
}

/** The file is one of the workspace: it must not make us send anything elsewhere. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username } = new URL(url);
  return protocol === "http:" && username === "" && ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}
