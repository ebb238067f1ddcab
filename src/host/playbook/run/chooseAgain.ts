// Points out what of a resumed run is no longer as it was, and lets a person choose: nothing of it is decided in silence.

import * as vscode from "vscode";
import type { StepChange } from "../../../session/resume/stepChanges";
import { plainText } from "../../../trace/plainText";

/** More of them are counted. */
const mostTold = 12;

/** @returns paths of the finished steps that run again; undefined where nothing is to be run */
export async function chooseAgain(
  lost: readonly string[],
  changes: readonly StepChange[],
): Promise<readonly string[] | undefined> {
  if (changes.length === 0 && lost.length === 0) return [];
  const told = [
    ...lost.map((problem) => vscode.l10n.t("{0}: steps that stood in it run again.", problem)),
    ...changes.map(({ path, words }) => vscode.l10n.t("Step {0} {1}.", path, words)),
  ].map((line) => plainText(line));
  const detail = [
    ...told.slice(0, mostTold),
    ...(told.length > mostTold ? [vscode.l10n.t("… and {0} more", told.length - mostTold)] : []),
  ].join("\n");
  if (changes.length === 0) {
    const goOn = vscode.l10n.t("Go On");
    const question = vscode.l10n.t("A part of the record of the last run is lost. Go on?");
    const chosen = await vscode.window.showWarningMessage(plainText(question), { modal: true, detail }, goOn);
    return chosen === goOn ? [] : undefined;
  }
  const rerun = vscode.l10n.t("Run Again");
  const keep = vscode.l10n.t("Keep");
  const question =
    changes.length === 1
      ? vscode.l10n.t("A step that finished has changed since. Run it again, or keep what it did?")
      : vscode.l10n.t(
          "{0} steps that finished have changed since. Run them again, or keep what they did?",
          changes.length,
        );
  const chosen = await vscode.window.showWarningMessage(plainText(question), { modal: true, detail }, rerun, keep);
  if (chosen === rerun) return changes.map(({ path }) => path);
  return chosen === keep ? [] : undefined;
}
