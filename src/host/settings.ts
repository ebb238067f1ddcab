// The settings, checked on arrival. A value of the wrong type is named once in the log and the default is used,
// so that a slip in a settings file never takes the extension down.

import * as vscode from "vscode";
import * as z from "zod/mini";
import type { Logger } from "../base/logger";
import type { CaptureMode } from "../session/launch";
import { settingIds } from "./ids";
import { defaultRunners } from "./start/fileRunner";

const pauseMs = z.int().check(z.minimum(0), z.maximum(3_600_000));

const schemas = {
  directories: z.array(z.string().check(z.maxLength(4096))).check(z.maxLength(100)),
  pathMap: z.record(z.string(), z.string()),
  problems: z.enum(["latest", "open", "off"]),
  notifyOnFailure: z.boolean(),
  pollingIntervalMs: z.int().check(z.minimum(0), z.maximum(600_000)),
  retentionDays: z.number().check(z.minimum(0)),
  retentionMegabytes: z.number().check(z.minimum(0)),
  runners: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  openOnStart: z.enum(["beside", "background", "never"]),
  capture: z.enum(["terminal", "pipes", "none"] satisfies readonly CaptureMode[]),
  stopPauses: z.object({ terminateAfterMs: pauseMs, killAfterMs: pauseMs }),
  collectorAutoStart: z.boolean(),
  collectorPort: z.int().check(z.minimum(0), z.maximum(65_535)),
  collectorTerminals: z.boolean(),
};

const defaults: { readonly [K in keyof typeof schemas]: z.infer<(typeof schemas)[K]> } = {
  directories: [],
  pathMap: {},
  problems: "latest",
  notifyOnFailure: true,
  pollingIntervalMs: 0,
  retentionDays: 0,
  retentionMegabytes: 0,
  runners: { ...defaultRunners },
  openOnStart: "beside",
  capture: "terminal",
  stopPauses: { terminateAfterMs: 5_000, killAfterMs: 5_000 },
  collectorAutoStart: false,
  collectorPort: 4318,
  collectorTerminals: false,
};

export interface Settings {
  readonly directories: readonly string[];
  readonly pathMap: Readonly<Record<string, string>>;
  readonly problems: "latest" | "open" | "off";
  readonly notifyOnFailure: boolean;
  /** 0: change events are used. */
  readonly pollingIntervalMs: number;
  /** 0: sessions are kept whatever their age. */
  readonly retentionDays: number;
  /** 0: sessions are kept whatever their size together. */
  readonly retentionMegabytes: number;
  /** How a file without a first line of its own is run, by its ending. */
  readonly runners: Readonly<Record<string, string | readonly string[]>>;
  readonly openOnStart: "beside" | "background" | "never";
  readonly capture: CaptureMode;
  /** From interrupt to terminate, and from terminate to kill. */
  readonly stopPauses: { readonly terminateAfterMs: number; readonly killAfterMs: number };
  readonly collectorAutoStart: boolean;
  /** 0: any that is free. */
  readonly collectorPort: number;
  /** New terminals have the collector's address in their environment. */
  readonly collectorTerminals: boolean;
}

export function readSettings(logger: Logger, scope?: vscode.Uri): Settings {
  const get = <K extends keyof typeof schemas>(key: K): z.infer<(typeof schemas)[K]> => {
    const value: unknown = vscode.workspace.getConfiguration(undefined, scope).get(settingIds[key]);
    const parsed = schemas[key].safeParse(value);
    if (parsed.success) return parsed.data as z.infer<(typeof schemas)[K]>;
    if (value !== undefined)
      logger.warn(
        `Setting ${settingIds[key]} is not valid (${parsed.error.issues[0]?.message ?? "wrong type"}); its default is used.`,
      );
    return defaults[key];
  };
  return {
    directories: allDirectories() ?? get("directories"),
    pathMap: get("pathMap"),
    problems: get("problems"),
    notifyOnFailure: get("notifyOnFailure"),
    pollingIntervalMs: get("pollingIntervalMs"),
    retentionDays: get("retentionDays"),
    retentionMegabytes: get("retentionMegabytes"),
    runners: get("runners"),
    openOnStart: get("openOnStart"),
    capture: get("capture"),
    stopPauses: get("stopPauses"),
    collectorAutoStart: get("collectorAutoStart"),
    collectorPort: get("collectorPort"),
    collectorTerminals: get("collectorTerminals"),
  };
}

/** Directories of the person and of the workspace together: neither takes the other's away. */
function allDirectories(): readonly string[] | undefined {
  const inspected = vscode.workspace.getConfiguration().inspect<unknown>(settingIds.directories);
  const values = [inspected?.globalValue, vscode.workspace.isTrusted ? inspected?.workspaceValue : undefined];
  const lists = values.filter((value) => Array.isArray(value));
  const together = schemas.directories.safeParse([...new Set<unknown>(lists.flat())]);
  // A list that is not valid is told of, and left out, where it is read by itself.
  return lists.length > 1 && together.success ? together.data : undefined;
}

export function settingChanged(event: vscode.ConfigurationChangeEvent, ...keys: (keyof typeof settingIds)[]): boolean {
  return keys.some((key) => event.affectsConfiguration(settingIds[key]));
}
