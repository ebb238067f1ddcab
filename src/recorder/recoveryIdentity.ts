// Who recovers, and whether others are still there: each of them is looked for once.

import { randomBytes } from "node:crypto";
import type { Liveness, WriterIdentity } from "../trace/evidence";
import type { ProbeLiveness } from "../trace/sessionFiles";
import { type Machine, probeLiveness } from "./liveness";

export function randomInstance(): string {
  return randomBytes(8).toString("hex");
}

/** This process, as its lock names it. */
export function ownIdentity(machine: Machine, instance: string): WriterIdentity {
  const facts = machine.process(process.pid);
  return {
    instance,
    host: machine.host,
    bootId: machine.bootId,
    pidNamespace: machine.pidNamespace,
    pid: process.pid,
    processStart: facts.type === "present" ? facts.start : undefined,
  };
}

/** A process that was gone once stays gone; one that was there is asked for again. A probe that fails knows nothing. */
export function rememberingProbe(machine: Machine): ProbeLiveness {
  const gone = new Set<string>();
  return (writer): Liveness => {
    const { host, bootId, pidNamespace, pid, processStart } = writer;
    const key = JSON.stringify([host, bootId, pidNamespace, pid, processStart]);
    if (gone.has(key)) return "gone";
    try {
      const liveness = probeLiveness(writer, machine);
      if (liveness === "gone") gone.add(key);
      return liveness;
    } catch {
      return "unknown";
    }
  };
}
