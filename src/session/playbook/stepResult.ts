// What a step that is over is to those that come after it: in conditions, placeholders and expectations.

export interface StepResult {
  /** All that was expected held; false for a step that was skipped, too. */
  readonly isOk: boolean;
  readonly isSkipped: boolean;
  /** What a command printed, the body of an answer, what a model said. */
  readonly output: string;
  /** Of `run`. */
  readonly exitCode?: number;
  /** Of `http`. */
  readonly status?: number;
  /** Of the output, where that is JSON; found by `outputJson` where it is left out. */
  readonly json?: unknown;
}

/** The names under which playbooks know the parts of a result. */
export const stepFields = ["ok", "skipped", "status", "output", "exit_code", "json"] as const;

/** Of each the sentence that the editor shows. */
export const stepFieldWords: Readonly<Record<(typeof stepFields)[number], string>> = {
  ok: "Whether all that was expected of the step held; false where it was skipped.",
  skipped: "Whether its condition did not hold.",
  status: "The status of the answer to an `http` step.",
  output: "What a command printed, the body of an answer, or what a model said, without the line breaks at its end.",
  exit_code: "The exit code of a `run` step.",
  json: "The output as JSON, where it is JSON: `{steps.<id>.json.items[0].name}`.",
};

/** Undefined where the step has no such thing. */
export function stepField(result: StepResult, field: string): unknown {
  switch (field) {
    case "ok":
      return result.isOk;
    case "skipped":
      return result.isSkipped;
    case "status":
      return result.status;
    case "output":
      return result.output.replace(/[\r\n]+$/, "");
    case "exit_code":
      return result.exitCode;
    case "json":
      return jsonOf(result);
    default:
      return undefined;
  }
}

export function jsonOf(result: StepResult): unknown {
  return "json" in result ? result.json : outputJson(result.output);
}

/** Undefined where the output as a whole is no JSON. */
export function outputJson(output: string): unknown {
  // What prints, and prints nothing but words, is not worth a parser.
  if (!/^\s*[[{"\-\dtfn]/.test(output)) return undefined;
  try {
    return JSON.parse(output) as unknown;
  } catch {
    return undefined;
  }
}
