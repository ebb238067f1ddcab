// Which process on which machine: kept in a file or a trace for whoever asks later whether it is still there.

import * as z from "zod/mini";
import { type Machine, thisMachine } from "../recorder/liveness";

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
