// Icons for the state of a session, the kind of a step and what came of it.

import type { PanelHeader } from "../../src/protocol/panelMessages";
import type { WebviewTextKey } from "../../src/protocol/webviewTexts";
import type { GuardrailLevel } from "../../src/trace/guardrails/guardrail";
import { FLAG, kindCodes } from "../../src/trace/spanColumns";
import { actionOf, type ToolAction } from "../../src/trace/toolCall";
import { barState } from "../layout/bars";
import { text } from "../text";
import { Icon, type IconName } from "./icon";

const sessionIcons: Readonly<Record<PanelHeader["status"], IconName>> = {
  running: "loading",
  waiting: "debug-pause",
  completed: "pass",
  failed: "error",
  crashed: "debug-disconnect",
  unknown: "question",
};

export function SessionStatusIcon(props: { status: PanelHeader["status"] }) {
  return <Icon name={sessionIcons[props.status]} spin={props.status === "running"} class={`session-${props.status}`} />;
}

const kindIcons: Readonly<Record<(typeof kindCodes)[number], IconName>> = {
  session: "server-process",
  generation: "sparkle",
  tool: "tools",
  text: "comment",
  span: "symbol-event",
  "user-message": "account",
};

const actionIcons: Readonly<Partial<Record<ToolAction, IconName>>> = {
  shell: "terminal",
  read: "file",
  write: "new-file",
  edit: "edit",
  search: "search",
  list: "list-tree",
  fetch: "globe",
  query: "database",
  agent: "hubot",
};

const actionIconOf = new Map<string, IconName>();

/** A tool shows what it does, where its name tells. */
export function kindIcon(kind: number, flags: number, name: string): IconName {
  if ((flags & FLAG.synthetic) !== 0) return "references";
  if ((flags & FLAG.elided) !== 0) return "ellipsis";
  if ((flags & FLAG.output) !== 0) return "output";
  const kindName = kindCodes[kind] ?? "span";
  if (kindName !== "tool") return kindIcons[kindName];
  let icon = actionIconOf.get(name);
  if (icon === undefined) {
    // What a traced session runs is a tool by kind and a program by nature.
    icon = name === "command" ? "terminal" : (actionIcons[actionOf(name)] ?? "tools");
    if (actionIconOf.size > 2_000) actionIconOf.clear();
    actionIconOf.set(name, icon);
  }
  return icon;
}

/** A row is part of a loop, or guardrails said something of it while the session ran. */
export type WatchedLook = "loop" | GuardrailLevel;

export const watchedIcons: Readonly<Record<WatchedLook, IconName>> = {
  loop: "sync",
  hint: "info",
  warn: "warning",
  stop: "stop-circle",
};

export interface OutcomeLook {
  readonly icon: IconName;
  readonly label: WebviewTextKey;
  readonly className: string;
  readonly spin: boolean;
}

const looks = {
  failed: { icon: "error", label: "outcomeFailed", className: "is-failed", spin: false },
  recovered: { icon: "error", label: "outcomeRecovered", className: "is-recovered", spin: false },
  interrupted: { icon: "circle-slash", label: "outcomeInterrupted", className: "is-interrupted", spin: false },
  running: { icon: "loading", label: "outcomeRunning", className: "is-running", spin: true },
  notRun: { icon: "debug-step-over", label: "outcomeNotRun", className: "is-not-run", spin: false },
  open: { icon: "debug-disconnect", label: "outcomeOpen", className: "is-open", spin: false },
} as const satisfies Record<string, OutcomeLook>;

/** What came of a step; undefined for one that simply went well. */
export function outcomeLook(flags: number, isError: boolean, isLive: boolean): OutcomeLook | undefined {
  if ((flags & (FLAG.synthetic | FLAG.elided)) !== 0) return undefined;
  const state = barState(flags, isError);
  if (state === "ok") return undefined;
  return looks[state === "open" && isLive ? "running" : state];
}

export function OutcomeIcon(props: { flags: number; isError: boolean; isLive: boolean }) {
  const look = outcomeLook(props.flags, props.isError, props.isLive);
  if (look === undefined) return null;
  const label = text(look.label);
  return (
    <span class={`outcome-mark ${look.className}`} role="img" aria-label={label} title={label}>
      <Icon name={look.icon} spin={look.spin} />
    </span>
  );
}
