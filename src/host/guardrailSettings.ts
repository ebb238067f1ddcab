// The person's settings of guardrails. Those that can't be kept are named in the log.

import * as vscode from "vscode";
import type { Logger } from "../base/logger";
import { type GuardrailValue, guardrailSettingsOf, guardrailValues } from "../session/guardrailValues";
import type { GuardrailSettings } from "../trace/guardrails/guardrail";
import { settingIds } from "./ids";

const ids: Readonly<Record<GuardrailValue, string>> = {
  consecutiveErrors: settingIds.guardrailsConsecutiveErrors,
  window: settingIds.guardrailsWindow,
  repeats: settingIds.guardrailsRepeats,
  cycle: settingIds.guardrailsCycle,
  stuckRevisitGap: settingIds.guardrailsStuckRevisitGap,
  failureCluster: settingIds.guardrailsFailureCluster,
  budget: settingIds.guardrailsBudget,
};

/** For a session that is started: whether programs are stopped goes with it. */
export function readSessionGuardrails(
  logger: Logger,
  scope?: vscode.Uri,
): GuardrailSettings & { readonly stopsPrograms: boolean } {
  const stops = vscode.workspace.getConfiguration(undefined, scope).get<unknown>(settingIds.guardrailsStopPrograms);
  return { ...readGuardrails(logger, scope), stopsPrograms: stops === true };
}

export function readGuardrails(logger: Logger, scope?: vscode.Uri): GuardrailSettings {
  const configuration = vscode.workspace.getConfiguration(undefined, scope);
  const values = Object.fromEntries(guardrailValues.map((value) => [value, configuration.get<unknown>(ids[value])]));
  const { settings, problems } = guardrailSettingsOf(values);
  for (const { value, message } of problems) {
    logger.warn(`Setting ${ids[value]} is not valid (${message}); its default is used.`);
  }
  return settings;
}
