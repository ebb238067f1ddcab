// What the engine needs of the session that runs it.

import type { GuardrailSettings } from "../../trace/guardrails/guardrail";
import type { ActionServices } from "../actions/actionRunner";
import type { ProgramSpans } from "../guardrails/programSpans";
import type { ParsedPlaybook } from "../playbook/parsePlaybook";
import type { RunBus } from "./runEvent";

export interface RunServices extends ActionServices {
  readonly bus: RunBus;
  /** Since the epoch, as the trace has it. */
  nowMs(): number;
  /** Rejects with the system's error. @param path absolute */
  readPlaybook(path: string): Promise<ParsedPlaybook>;
  fileExists(path: string): Promise<boolean>;
  /** The one name of a file, to know a playbook that runs itself. */
  realPath(path: string): string;
  /** Of the session; a playbook's own go before. */
  readonly guardrails: GuardrailSettings;
  /** What the programs of `run` steps tell of themselves. */
  readonly programSpans: Pick<ProgramSpans, "listen">;
}
