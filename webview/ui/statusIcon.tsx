// Icons for the state of a session, the kind of a step and what came of it.

import type { PanelHeader } from "../../src/protocol/panelMessages";
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

/** What came of a step; nothing for one that simply went well. */
export function OutcomeIcon(props: { flags: number; isError: boolean; isLive: boolean }) {
  const { flags } = props;
  if ((flags & (FLAG.synthetic | FLAG.elided)) !== 0) return null;
  const state = barState(flags, props.isError);
  switch (state) {
    case "failed":
      return <OutcomeMark icon="error" label={text("outcomeFailed")} class="is-failed" />;
    case "recovered":
      return <OutcomeMark icon="error" label={text("outcomeRecovered")} class="is-recovered" />;
    case "interrupted":
      return <OutcomeMark icon="circle-slash" label={text("outcomeInterrupted")} class="is-interrupted" />;
    case "open":
      return props.isLive ? (
        <OutcomeMark icon="loading" label={text("outcomeRunning")} class="is-running" spin />
      ) : (
        <OutcomeMark icon="debug-disconnect" label={text("outcomeOpen")} class="is-open" />
      );
    case "ok":
      return null;
  }
}

function OutcomeMark(props: { icon: IconName; label: string; class: string; spin?: boolean }) {
  return (
    <span class={`outcome-mark ${props.class}`} role="img" aria-label={props.label} title={props.label}>
      <Icon name={props.icon} spin={props.spin === true} />
    </span>
  );
}
