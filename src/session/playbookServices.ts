// What a session lends to the run of its playbook: the network, files, the terminal, and an environment in which each
// command's spans find their place.

import { realpathSync } from "node:fs";
import { access } from "node:fs/promises";
import { defaultGuardrails } from "../trace/guardrails/guardrail";
import type { BatchServices } from "./actions/batchServices";
import { ProgramSpans } from "./guardrails/programSpans";
import type { Launch, LaunchedPlaybook } from "./launch";
import type { OwnOutput } from "./ownOutput";
import { parsedFile } from "./playbookFile";
import type { SecretMask } from "./secrets/secretMask";
import type { SessionPort } from "./sessionPort";
import type { SessionRecord } from "./sessionRecord";
import type { RunBus } from "./steps/runEvent";
import type { RunServices } from "./steps/runServices";

export interface PlaybookLoan {
  readonly bus: RunBus;
  readonly mask: SecretMask;
  readonly launch: Launch;
  readonly program: LaunchedPlaybook;
  readonly record: SessionRecord;
  readonly port: SessionPort;
  readonly shown: OwnOutput;
  /** Told when more was shown, and of outputs that are closed. */
  readonly listeners: Set<(closedFd?: number) => void>;
  readonly batches: BatchServices;
  spanOf(scopeId: string): string;
}

export function runServices(loan: PlaybookLoan): RunServices {
  const { bus, mask, launch, program, record, port, shown, listeners, batches, spanOf } = loan;
  const { secrets = {} } = program;
  const { sessionId } = launch;
  const programSpans = new ProgramSpans();
  return {
    bus,
    mask,
    fetch: globalThis.fetch,
    environment: process.env,
    secret: (name) => (Object.hasOwn(secrets, name) ? secrets[name] : undefined),
    nowMs: () => record.recorder?.nowMs() ?? Date.now(),
    readPlaybook: parsedFile,
    fileExists: async (path) => {
      try {
        await access(path);
        return true;
      } catch {
        return false;
      }
    },
    realPath: (path) => realpathSync(path),
    guardrails: launch.guardrails ?? defaultGuardrails,
    programSpans,
    batches,
    commands: {
      recorder: record.recorder,
      shown,
      pauses: launch.stop,
      onShown: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      environment: (scopeId, cwd, changes) => {
        const spanId = spanOf(scopeId);
        const started = { cwd, env: { ...launch.env, ...changes }, sessionId };
        return port.stepEnvironment(started, spanId, (spans) => programSpans.tell({ scopeId, spanId }, spans));
      },
    },
  };
}
