// The rows of the one pick that starts a session, as data: what was started before, what the workspace offers, the file
// in front, and whatever is typed. Pure. Every text passes `plainText`, because VS Code reads icons into labels.

import { assertNever } from "../../base/assert";
import { formatAge } from "../../trace/formatValue";
import { plainText } from "../../trace/plainText";
import type { SessionStatus } from "../../trace/state";
import type { PlaybookOffer } from "../playbook/run/findPlaybooks";
import { distinctRecords, type LaunchRecord } from "./launchRecord";
import type { PackageManager } from "./npmScripts";
import { scriptWords } from "./npmScripts";
import type { Untraceable } from "./taskRows";

export interface ScriptOffer {
  readonly manager: PackageManager;
  readonly script: string;
  /** What it runs, as `package.json` says. */
  readonly command: string;
  /** Absolute path of the package's folder. */
  readonly folder: string;
  /** Where the package is, as a person says it; "" for the only one. */
  readonly place: string;
}

export interface TaskOffer {
  readonly name: string;
  readonly source: string;
  /** Tells it from a task of the same name elsewhere: the URI of a folder, `workspace` or `global`. */
  readonly scope: string;
  /** Name of its workspace folder; "" where there is only one, or none. */
  readonly folder: string;
  /** What it runs. */
  readonly detail: string;
  readonly untraceable: Untraceable | undefined;
}

export interface StartOffers<Task extends TaskOffer> {
  readonly records: readonly LaunchRecord[];
  /** What became of a session; undefined where that is not known. */
  readonly outcome: (key: string) => { readonly status: SessionStatus; readonly atMs: number } | undefined;
  /** The one that was changed last at the front. */
  readonly playbooks: readonly PlaybookOffer[];
  readonly scripts: readonly ScriptOffer[];
  readonly tasks: readonly Task[];
  /** The file in front, relative to its folder. */
  readonly file: string | undefined;
  /** Nothing is offered but what is typed. */
  readonly isCommandLine: boolean;
  readonly typed: string;
  readonly nowMs: number;
}

export type StartChoice<Task extends TaskOffer> =
  | { readonly type: "again"; readonly record: LaunchRecord }
  | { readonly type: "playbook"; readonly playbook: PlaybookOffer }
  | { readonly type: "script"; readonly script: ScriptOffer }
  | { readonly type: "task"; readonly task: Task }
  | { readonly type: "file" }
  /** Offers what is typed then. */
  | { readonly type: "commandLine" }
  | { readonly type: "typed" }
  | { readonly type: "refused"; readonly task: Task; readonly because: Untraceable };

export interface StartRow<Task extends TaskOffer> {
  /** The same row keeps it while others come. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon: string;
  /** Shown whatever is typed. */
  readonly alwaysShow: boolean;
  readonly choice: StartChoice<Task>;
}

export type StartGroup = "" | "recent" | "playbooks" | "scripts" | "tasks" | "file" | "command" | "refused";

export interface StartTexts {
  runAgain(title: string): string;
  readonly typedHint: string;
  readonly typeCommand: string;
  readonly typeCommandHint: string;
  readonly activeFile: string;
  outcome(status: SessionStatus, age: string): string;
  started(age: string): string;
  because(reason: Untraceable): string;
}

const mostRecent = 8;

export interface StartSection<Task extends TaskOffer> {
  readonly group: StartGroup;
  readonly rows: readonly StartRow<Task>[];
}

/** Sections in order, none of them empty. */
export function startSections<Task extends TaskOffer>(
  offers: StartOffers<Task>,
  texts: StartTexts,
): readonly StartSection<Task>[] {
  const typed = offers.typed.trim();
  const typedRow: StartRow<Task> = {
    id: "typed",
    // What is typed and nothing else: VS Code sorts what it finds, and puts first what is equal.
    label: plainText(typed),
    description: texts.typedHint,
    icon: "terminal",
    alwaysShow: true,
    choice: { type: "typed" },
  };
  if (offers.isCommandLine) return typed === "" ? [] : [{ group: "command", rows: [typedRow] }];
  const [last, ...recent] = distinctRecords(offers.records);
  const command: StartRow<Task> = {
    id: "commandLine",
    label: texts.typeCommand,
    description: texts.typeCommandHint,
    icon: "terminal",
    alwaysShow: false,
    choice: { type: "commandLine" },
  };
  const found: StartSection<Task>[] = [
    { group: "", rows: last ? [againRow(last, offers, texts, texts.runAgain(last.title))] : [] },
    { group: "recent", rows: recent.slice(0, mostRecent).map((each) => againRow(each, offers, texts, each.title)) },
    { group: "playbooks", rows: offers.playbooks.map((playbook) => playbookRow<Task>(playbook)) },
    { group: "scripts", rows: offers.scripts.map((script) => scriptRow<Task>(script)) },
    {
      group: "tasks",
      rows: offers.tasks.flatMap((task) =>
        task.untraceable ? [] : [taskRow(task, [task.source, task.detail], { type: "task", task })],
      ),
    },
    { group: "file", rows: offers.file === undefined ? [] : [fileRow(offers.file, texts)] },
  ];
  const refused: StartSection<Task> = {
    group: "refused",
    rows: offers.tasks.flatMap((task) => {
      const because = task.untraceable;
      return because ? [taskRow(task, [texts.because(because)], { type: "refused", task, because })] : [];
    }),
  };
  const own: StartSection<Task> = { group: "command", rows: [typed === "" ? command : typedRow] };
  const sections = isCommand(typed, found) ? [own, ...found, refused] : [...found, own, refused];
  return sections.filter(({ rows }) => rows.length > 0);
}

/** What is typed is run as it is, unless it is the whole name of something that can be started. */
function isCommand<Task extends TaskOffer>(typed: string, found: readonly StartSection<Task>[]): boolean {
  if (typed === "") return false;
  return /\s/.test(typed) || !found.some(({ rows }) => rows.some(({ label }) => label === plainText(typed)));
}

/**
 * Whether VS Code has shown the rows of what is typed, by the row that it says is active. It puts first what is equal to
 * that. Any other may be of the rows before, told late and by its place among the new ones: they are drawn again at any
 * time, as when a session ends.
 */
export function isTypedShown<Task extends TaskOffer>(typed: string, active: StartRow<Task> | undefined): boolean {
  const line = typed.trim();
  const label = plainText(line);
  // What had to be changed is not found by what is typed, and then does not come first.
  if (line === "" || label !== line) return true;
  return active?.label.toLowerCase() === label.toLowerCase();
}

/**
 * What Enter starts.
 * @param selected the row that VS Code says was selected; before it has shown the rows of what is typed that is one of
 *   those before, or whatever has its place now
 * @param isShown whether VS Code has shown them
 */
export function acceptedChoice<Task extends TaskOffer>(
  sections: readonly StartSection<Task>[],
  typed: string,
  selected: StartRow<Task> | undefined,
  isShown: boolean,
): StartChoice<Task> {
  const line = typed.trim();
  if (isShown || line === "") return selected?.choice ?? { type: "typed" };
  const rows = sections.flatMap((section) => section.rows);
  return rows.find(({ label }) => label === plainText(line))?.choice ?? { type: "typed" };
}

function againRow<Task extends TaskOffer>(
  record: LaunchRecord,
  { outcome, nowMs }: StartOffers<Task>,
  texts: StartTexts,
  label: string,
): StartRow<Task> {
  const was = outcome(record.key);
  const age = (atMs: number) => formatAge(Math.max(0, nowMs - atMs));
  return {
    id: `again ${record.id}`,
    label: plainText(label),
    description: was ? texts.outcome(was.status, age(was.atMs)) : texts.started(age(record.atMs)),
    icon: was?.status === "failed" || was?.status === "crashed" ? "error" : "history",
    alwaysShow: false,
    choice: { type: "again", record },
  };
}

function playbookRow<Task extends TaskOffer>(playbook: PlaybookOffer): StartRow<Task> {
  return {
    id: `playbook ${playbook.path}`,
    label: plainText(playbook.name),
    description: plainText(playbook.place),
    icon: "checklist",
    alwaysShow: false,
    choice: { type: "playbook", playbook },
  };
}

function scriptRow<Task extends TaskOffer>(script: ScriptOffer): StartRow<Task> {
  const { manager, folder, place, command } = script;
  return {
    id: `script ${folder} ${script.script}`,
    label: plainText(scriptWords(manager, script.script).join(" ")),
    description: plainText([place, command].filter(Boolean).join(" · ")),
    icon: "package",
    alwaysShow: false,
    choice: { type: "script", script },
  };
}

function taskRow<Task extends TaskOffer>(
  task: Task,
  words: readonly string[],
  choice: StartChoice<Task>,
): StartRow<Task> {
  return {
    id: `task ${task.scope} ${task.source} ${task.name}`,
    label: plainText(task.name),
    description: plainText([task.folder, ...words].filter(Boolean).join(" · ")),
    icon: choice.type === "refused" ? "circle-slash" : "tools",
    alwaysShow: false,
    choice,
  };
}

function fileRow<Task extends TaskOffer>(file: string, texts: StartTexts): StartRow<Task> {
  return {
    id: "file",
    label: plainText(file),
    description: texts.activeFile,
    icon: "file-code",
    alwaysShow: false,
    choice: { type: "file" },
  };
}

/** Whether both choose the very same thing. */
export function isSameChoice<Task extends TaskOffer>(one: StartChoice<Task>, other: StartChoice<Task>): boolean {
  switch (one.type) {
    case "again":
      return other.type === one.type && other.record === one.record;
    case "playbook":
      return other.type === one.type && other.playbook === one.playbook;
    case "script":
      return other.type === one.type && other.script === one.script;
    case "task":
    case "refused":
      return other.type === one.type && other.task === one.task;
    case "file":
    case "commandLine":
    case "typed":
      return other.type === one.type;
    default:
      return assertNever(one, "choice");
  }
}
