// Asks what becomes of programs that outlived a session which was cut off: the steps that started them run again.

import * as vscode from "vscode";
import type { RecordedRun } from "../../../session/resume/recordedRun";
import { plainText } from "../../../trace/plainText";
import type { PlaybookTools } from "../loadPlaybookTools";

/** More of them are counted. */
const mostTold = 12;

/** Does what the person chose; rejects where something could not be ended. */
export type ChosenEnd = () => Promise<void>;

/** Undefined where nothing is to be run. */
export async function chooseEnd(
  recorded: RecordedRun,
  { leftPrograms, endLeftPrograms, canEnd }: Pick<PlaybookTools, "leftPrograms" | "endLeftPrograms" | "canEnd">,
  patienceMs: number,
): Promise<ChosenEnd | undefined> {
  const left = leftPrograms(recorded);
  if (left.length === 0) return async () => undefined;
  const lines = left.map(({ pid, step }) =>
    step === undefined
      ? vscode.l10n.t("Process {0}", String(pid))
      : vscode.l10n.t("Process {0} of step {1}", String(pid), step),
  );
  const told = lines.slice(0, mostTold).map((line) => plainText(line));
  if (lines.length > mostTold) told.push(vscode.l10n.t("… and {0} more", lines.length - mostTold));
  const end = vscode.l10n.t("End Them");
  const keep = vscode.l10n.t("Let Them Run");
  const canBeEnded = canEnd(left);
  const question = canBeEnded
    ? vscode.l10n.t("The last run was cut off, and programs that it started still run. End them first?")
    : vscode.l10n.t("The last run was cut off, and programs that it started still run. Go on beside them?");
  const detail = told.join("\n");
  const choices = canBeEnded ? [end, keep] : [keep];
  const chosen = await vscode.window.showWarningMessage(plainText(question), { modal: true, detail }, ...choices);
  if (chosen === keep) return async () => undefined;
  if (chosen !== end) return undefined;
  return async () => {
    const still = (await endLeftPrograms(recorded, patienceMs)).map(({ pid }) => pid);
    if (still.length > 0) throw new Error(vscode.l10n.t("Could not be ended: process {0}", still.join(", ")));
  };
}
