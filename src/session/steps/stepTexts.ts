// What the texts of a step become once the parameters and the results of earlier steps are known.

import { basename } from "node:path";
import type { ActionResult, ActionTexts } from "../actions/actionRunner";
import { isConditionError, parseCondition } from "../playbook/condition";
import { fillText, fillTexts, fillTyped, fillUrl, type PlaceholderValues } from "../playbook/placeholders";
import { type ShellLine, shellDialect, shellLine } from "../playbook/shellLine";

export class StepTexts implements ActionTexts {
  readonly values: PlaceholderValues;

  constructor(values: PlaceholderValues) {
    this.values = values;
  }

  /** The same where the step can speak of what came of itself. */
  after(id: string, { failure, output, exitCode, status, json }: ActionResult): StepTexts {
    const own = {
      isOk: failure === undefined,
      isSkipped: false,
      output,
      json,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(status === undefined ? {} : { status }),
    };
    return new StepTexts({ ...this.values, steps: new Map([...this.values.steps, [id, own]]) });
  }

  fill(text: string): string {
    return fillText(text, this.values);
  }

  fillAll<T>(value: T): T {
    return fillTexts(value, this.values);
  }

  /** A text that is nothing but a placeholder becomes the value with its type. */
  fillTyped(value: unknown): unknown {
    return fillTyped(value, this.values);
  }

  fillUrl(url: string): string {
    return fillUrl(url, this.values);
  }

  /** @param shell of the step; the system's where it is left out. @throws a `ShellLineError` */
  shellLine(line: string, shell: string | undefined): ShellLine {
    return shellLine(line, this.values, shellDialect(shell ?? systemShell()));
  }

  /** A text says why it can't be decided. */
  holds(condition: string): boolean | string {
    const parsed = parseCondition(condition);
    if (isConditionError(parsed)) return parsed.message;
    const held = parsed.evaluate(this.values);
    return typeof held === "boolean" ? held : held.message;
  }
}

function systemShell(): string {
  return process.platform === "win32" ? basename(process.env["ComSpec"] ?? "cmd.exe") : "/bin/sh";
}
