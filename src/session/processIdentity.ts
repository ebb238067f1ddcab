// Which process on which machine: kept in a file or a trace for whoever asks later whether it is still there.

import * as z from "zod/mini";
import { type Machine, thisMachine } from "../recorder/liveness";
import { processGroup } from "./processTree";

const text = z.string();

export const processIdentitySchema = z.object({
  pid: z.number(),
  host: text,
  bootId: z.optional(text),
  pidNamespace: z.optional(text),
  /** In the system's own words; tells it from a later process with the same number. */
  processStart: z.optional(text),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

export const programSchema = z.extend(processIdentitySchema, {
  /** Process group; left out where the system does not tell. */
  group: z.optional(z.number()),
});

/** It stays the same as long as this process does. */
let machineNow: Machine | undefined;

/** What tells later whether a program is still there, and what it has left there. */
export function programFacts(pid: number): z.infer<typeof programSchema> {
  machineNow ??= thisMachine();
  const group = processGroup(pid);
  return { ...processIdentity(pid, machineNow), ...(group === undefined ? {} : { group }) };
}

/** @param pid of this process where left out */
export function processIdentity(pid = process.pid, machine: Machine = thisMachine()): ProcessIdentity {
  const { host, bootId, pidNamespace } = machine;
  const facts = machine.process(pid);
  const processStart = facts.type === "present" ? facts.start : undefined;
  return {
    pid,
    host,
    ...(bootId === undefined ? {} : { bootId }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    ...(processStart === undefined ? {} : { processStart }),
  };
}
