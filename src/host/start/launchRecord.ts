// What is kept of a launch to start the same again: in the workspace's own storage, the last twenty, whatever becomes of
// the launch files.

import * as z from "zod/mini";
import { launchSchema } from "../../session/launch";

export const keptRecords = 20;

const taskReference = z.object({
  type: z.literal("task"),
  name: z.string(),
  source: z.string(),
  /** `workspace`, `global`, or the URI of a folder. */
  scope: z.string(),
});
export type TaskReference = z.infer<typeof taskReference>;

const recordedStart = z.discriminatedUnion("type", [
  z.object({ type: z.literal("program"), program: launchSchema.shape.program, cwd: z.string() }),
  /** A task is looked up again, so that what has changed in its configuration counts. */
  taskReference,
]);
export type RecordedStart = z.infer<typeof recordedStart>;

const launchRecord = z.object({
  /** Of the launch. */
  id: z.string(),
  /** Path of the session's `S.json`. */
  key: z.string(),
  title: z.string(),
  atMs: z.number(),
  origin: launchSchema.shape.origin,
  start: recordedStart,
});
export type LaunchRecord = z.infer<typeof launchRecord>;

/** Stored records, the newest first; what can't be read is left out. */
export function readRecords(stored: unknown): readonly LaunchRecord[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((each) => {
    const parsed = launchRecord.safeParse(each);
    return parsed.success ? [parsed.data] : [];
  });
}

export function withRecord(records: readonly LaunchRecord[], record: LaunchRecord): readonly LaunchRecord[] {
  return [record, ...records.filter(({ id }) => id !== record.id)].slice(0, keptRecords);
}

/** The newest record of each thing that was started. */
export function distinctRecords(records: readonly LaunchRecord[]): readonly LaunchRecord[] {
  const seen = new Set<string>();
  return records.filter(({ start }) => {
    const same = sameStart(start);
    if (seen.has(same)) return false;
    seen.add(same);
    return true;
  });
}

/** Equal for records that start the same. */
export function sameStart(start: RecordedStart): string {
  if (start.type === "task") return JSON.stringify([start.source, start.name, start.scope]);
  const { program, cwd } = start;
  switch (program.type) {
    case "shell":
      return JSON.stringify([cwd, program.line]);
    case "process":
      return JSON.stringify([cwd, program.file, program.args]);
    case "playbook":
      return JSON.stringify(["playbook", program.path]);
    case "collect":
      return "collect";
  }
}
