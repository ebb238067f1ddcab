// An outbox over real files, and one publication through it, which may die on the way.

import { Outbox } from "../../src/publish/outbox";
import type { PublishClock } from "../../src/publish/publishClock";
import { type ResumeOptions, type ResumeReport, resumeOutbox } from "../../src/publish/resumeOutbox";
import { TraceBatch } from "../../src/publish/traceBatch";
import { UploadApi } from "../../src/publish/uploadApi";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import { beginning, event } from "./batchSetup";

export interface OutboxPlace {
  readonly directory: string;
  readonly url: string;
  readonly clock: PublishClock;
}

/** Every other process is gone. */
export function outboxOf({ directory, clock }: OutboxPlace, instance: string, fs: RecorderFs = nodeFs): Outbox {
  const probe = (writer: { readonly instance: string }) => (writer.instance === instance ? "alive" : "gone");
  // Two events of these make a part.
  return new Outbox({ directory, identity: { instance, host: "home" }, probe, clock, fs, partBytes: 320 });
}

/** Publishes three events, in two parts. */
export async function publishOnce(place: OutboxPlace, outbox: Outbox, traceId = "0b5c7a52-6d0e-4f4e") {
  const { url, clock } = place;
  const batch = new TraceBatch({
    session: "/home/ann/s1.json",
    baseUrl: url,
    clock,
    api: (token) => new UploadApi({ baseUrl: url, clock, token }),
    openLog: (job) => outbox.create(job),
    newTraceId: () => traceId,
    isEnabled: () => true,
  });
  batch.begin(beginning("authenticated"));
  for (const sequence of [1, 2, 3]) batch.add(event(sequence));
  return await batch.end();
}

export function resume(place: OutboxPlace, outbox: Outbox, parts: Partial<ResumeOptions> = {}): Promise<ResumeReport> {
  const { url, clock } = place;
  let rounds = 0;
  return resumeOutbox({
    outbox,
    clock,
    isEnabled: () => true,
    api: async () => new UploadApi({ baseUrl: url, clock, token: "the-token-of-ann" }),
    newTraceId: () => `round-${++rounds}`,
    ...parts,
  });
}
