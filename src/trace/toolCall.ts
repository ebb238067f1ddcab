// What a tool span says of its call: the tool's own name, what sort of action it is, and its arguments, whichever agent
// or instrumentation wrote them. Everything that reads tool arguments goes through here.

import { compactJson } from "./compactJson";
import type { TraceSpan } from "./schema";

export type ToolAction =
  | "shell"
  | "read"
  | "write"
  | "edit"
  | "search"
  | "list"
  | "fetch"
  | "query"
  | "agent"
  | "other";

export type Fields = Readonly<Record<string, unknown>>;

export interface ToolCall {
  /** The tool's name without what instrumentation puts around it; MCP names keep their server: `github/create_issue`. */
  readonly name: string;
  readonly action: ToolAction;
  /** The arguments where they are an object (or JSON text of one), else empty. */
  readonly fields: Fields;
  /** The arguments where they are a text and no JSON object. */
  readonly text?: string | undefined;
}

/** Names as `bareName` makes them: lower case, letters and digits only. */
const actionNames: Readonly<Record<Exclude<ToolAction, "other">, readonly string[]>> = {
  shell:
    "bash shell sh zsh cmd powershell terminal exec execcommand execute executecommand executebash run runcommand runterminalcmd runinterminal runterminalcommand runshellcommand runshell localshell localshellcall containerexec unifiedexec bashtool shelltool computerterminal writestdin runbash".split(
      " ",
    ),
  read: "read readfile view viewfile openfile cat fileread readmanyfiles readfiles getfilecontents notebookread readtextfile viewimage readlints".split(
    " ",
  ),
  write: "write writefile createfile filewrite savefile writetofile create newfile insertfile".split(" "),
  edit: "edit editfile multiedit strreplace strreplaceeditor strreplacebasededittool searchreplace replace replaceinfile replacestringinfile multireplacestringinfile applypatch applydiff patch insertedit inserteditintofile notebookedit editnotebook fileedit insertcontent texteditor searchandreplace".split(
    " ",
  ),
  search:
    "grep glob search searchfiles ripgrep rg find findfiles filesearch grepsearch codebasesearch searchfilecontent searchcode semanticsearch findbyname codesearch globfilesearch greptool globtool".split(
      " ",
    ),
  list: "ls list listdir listdirectory listfiles tree".split(" "),
  fetch:
    "webfetch fetch fetchurl webbrowser browser browsernavigate navigate httprequest curl openurl webread fetchwebpage".split(
      " ",
    ),
  query: "sqlexecute sql query executesql runquery sqlquery dbquery executequery runsql".split(" "),
  agent: "task agent subagent dispatchagent spawnagent newtask delegate runsubagent".split(" "),
};

const actionByName: ReadonlyMap<string, ToolAction> = new Map(
  (Object.entries(actionNames) as [ToolAction, readonly string[]][]).flatMap(([action, names]) =>
    names.map((name): [string, ToolAction] => [name, action]),
  ),
);

const argumentAttributes = [
  "gen_ai.tool.call.arguments",
  "ai.toolCall.args",
  "input.value",
  "traceloop.entity.input",
  "tool.parameters",
];

/** Words of an argument vector that are looked at. */
const mostWords = 500;
/** Arguments longer than this as JSON text are left as text. */
const parsedLength = 1_000_000;

export function toolCall(span: TraceSpan): ToolCall {
  const name = toolName(span);
  const action = actionOf(name);
  const value = span.input === undefined ? argumentsIn(span.attributes) : span.input;
  if (typeof value === "string") {
    const parsed = parseObject(value);
    return parsed === undefined ? { name, action, fields: {}, text: value } : { name, action, fields: parsed };
  }
  return { name, action, fields: asFields(value) ?? {} };
}

/** The arguments where instrumentation keeps them; undefined where it tells none. */
export function argumentsIn(attributes: Fields | undefined): unknown {
  if (attributes === undefined) return undefined;
  let value: unknown;
  for (let index = 0; value === undefined && index < argumentAttributes.length; index++) {
    value = attributes[argumentAttributes[index] ?? ""];
  }
  return value;
}

/** Attributes that say what a tool is called, the first one first. */
export const toolNameAttributes = ["gen_ai.tool.name", "ai.toolCall.name", "tool.name"] as const;

/** The tool's name, for counting and showing. */
export function toolName(span: Pick<TraceSpan, "name" | "attributes">): string {
  const attributes = span.attributes;
  if (attributes !== undefined) {
    const [first, second, third] = toolNameAttributes;
    const named = attributes[first] ?? attributes[second] ?? attributes[third];
    if (typeof named === "string" && named !== "") return displayName(named);
  }
  return displayName(span.name);
}

/** The first field of these names that holds a text with something in it. */
export function textField(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/** The first field of these names that holds a finite number, also written as text. */
export function numberField(fields: Fields, names: readonly string[]): number | undefined {
  for (const name of names) {
    const number = asNumber(fields[name]);
    if (number !== undefined) return number;
  }
  return undefined;
}

export function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string" || !/^-?\d{1,15}$/.test(value.trim())) return undefined;
  return Number(value);
}

export function asFields(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

export const pathFields = [
  "filePath",
  "file_path",
  "path",
  "target_file",
  "notebook_path",
  "absolute_path",
  "absolutePath",
  "relative_workspace_path",
  "file",
  "filename",
  "fileName",
  "TargetFile",
  "AbsolutePath",
];

/** Fields that hold a command; the first one that is there counts. */
export const commandFields = ["command", "cmd", "CommandLine", "script", "argv"];

/** A shell call's command as one text, also where it is an argument vector (`["bash", "-lc", "npm test"]`). */
export function shellCommand(fields: Fields): string | undefined {
  let value: unknown;
  for (let index = 0; index < commandFields.length; index++) value ??= fields[commandFields[index] ?? ""];
  if (typeof value === "string") return value === "" ? undefined : value;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const words = value.slice(0, mostWords).map((word) => (typeof word === "string" ? word : compactJson(word, 200)));
  const last = words[2];
  if (words.length === 3 && last !== undefined && /^-\w*c$/.test(words[1] ?? "")) return last;
  return words.map((word) => (/[\s"'$]/.test(word) ? JSON.stringify(word) : word)).join(" ");
}

function displayName(name: string): string {
  const bare = name.replace(/^(?:execute_tool|tool|ai\.toolCall|functions|default_api)[\s.:]+(?=\S)/, "");
  const mcp = /^mcp__(.+?)__(.+)$/.exec(bare);
  return mcp === null ? bare : `${mcp[1]}/${mcp[2]}`;
}

/** What sort of action a tool of this name does; "other" for one that is not known. */
export function actionOf(name: string): ToolAction {
  const known = actionByName.get(bareName(name));
  if (known !== undefined) return known;
  const last = name.split(/[/.:]/).at(-1) ?? name;
  return actionByName.get(bareName(last)) ?? "other";
}

function bareName(name: string): string {
  return name.length > 100 ? "" : name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function parseObject(text: string): Fields | undefined {
  if (text.length > parsedLength || !/^\s*\{/.test(text)) return undefined;
  try {
    return asFields(JSON.parse(text));
  } catch {
    return undefined;
  }
}
