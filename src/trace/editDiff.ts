// The change that an edit tool was asked for, as old and new texts: what a diff is drawn from. It is the call's claim
// and says nothing of the file.

import {
  asFields,
  type Fields,
  numberField,
  pathFields,
  shellCommand,
  type ToolAction,
  type ToolCall,
  textField,
} from "./toolCall";

/** A run of lines; between two parts of a change lie lines of the file that the call does not name. */
export interface ChangePart {
  readonly oldText: string;
  readonly newText: string;
  /** Lines of the file at which the texts begin, from 1; missing where the call does not say. */
  readonly oldLine?: number | undefined;
  readonly newLine?: number | undefined;
}

export interface TextChange {
  /** "" where the call names none. */
  readonly path: string;
  /** Where a patch moves the file to. */
  readonly newPath?: string | undefined;
  /** `write`: the file as a whole, of which nobody knows what it was before. */
  readonly type: "edit" | "create" | "delete" | "write";
  readonly parts: readonly ChangePart[];
}

const oldNames = ["oldString", "old_string", "old_str", "oldText", "old_text", "search", "old_content"];
const newNames = [
  "newString",
  "new_string",
  "new_str",
  "newText",
  "new_text",
  "replace",
  "replacement",
  "new_content",
  "new_source",
];
/** Fields in which a call names what a file is to hold. */
export const contentFields = ["content", "file_text", "contents", "text", "code_edit"];
const patchFields = ["input", "patch", "patchText", "diff"];
const mostChanges = 200;
/** Between two parts where a change is one text. */
const partSeparator = "⋯";

/** The changes in their order; undefined for a call that changes nothing or says it in a way that is not known. */
export function editChanges(call: ToolCall): TextChange[] | undefined {
  const patch = patchOf(call);
  if (patch !== undefined) {
    const changes = patchChanges(patch);
    if (changes.length > 0) return changes;
  }
  if (call.text !== undefined) return undefined;
  const path = textField(call.fields, pathFields) ?? "";
  if (call.action === "write" || (call.action === "edit" && call.fields["command"] === "create")) {
    const content = textField(call.fields, contentFields);
    if (content === undefined) return undefined;
    return [{ path, type: "write", parts: [{ oldText: "", newText: content, newLine: 1 }] }];
  }
  const single = partOf(call.fields, call.action);
  if (single !== undefined) return [{ path, type: "edit", parts: [single] }];
  for (const name of ["edits", "replacements", "changes"]) {
    const list = call.fields[name];
    if (!Array.isArray(list)) continue;
    const changes = (list.slice(0, mostChanges) as unknown[]).flatMap((item): TextChange[] => {
      const fields = asFields(item);
      const part = fields === undefined ? undefined : partOf(fields, call.action);
      if (fields === undefined || part === undefined) return [];
      return [{ path: textField(fields, pathFields) ?? path, type: "edit", parts: [part] }];
    });
    if (changes.length > 0) return changes;
  }
  return undefined;
}

export function oldTextOf(change: TextChange): string {
  return change.parts.map(({ oldText }) => oldText).join(`\n${partSeparator}\n`);
}

export function newTextOf(change: TextChange): string {
  return change.parts.map(({ newText }) => newText).join(`\n${partSeparator}\n`);
}

/** The patch that the call is, or that a shell command hands to a patch tool. */
function patchOf({ action, fields, text }: ToolCall): string | undefined {
  const patch = text ?? textField(fields, patchFields);
  if (patch !== undefined) return patch;
  const command = action === "shell" ? shellPatch(fields) : undefined;
  return command?.includes("*** Begin Patch\n") === true ? command : undefined;
}

function shellPatch(fields: Fields): string | undefined {
  const words = fields["command"] ?? fields["cmd"];
  // In a list of words the patch is a word of its own, line breaks and all.
  const word = Array.isArray(words) ? words.find((item) => typeof item === "string" && item.includes("\n")) : undefined;
  return typeof word === "string" ? word : shellCommand(fields);
}

function partOf(fields: Fields, action: ToolAction): ChangePart | undefined {
  const oldText = firstText(fields, oldNames);
  const isInsertion = fields["command"] === "insert";
  const newText = firstText(fields, newNames) ?? (isInsertion ? firstText(fields, ["insert_text", "text"]) : undefined);
  if (oldText === undefined && newText === undefined) return undefined;
  // A tool that is not known to edit may well have a field "search" or "replace" alone.
  if (action !== "edit" && (oldText === undefined || newText === undefined)) return undefined;
  const above = oldText === undefined ? numberField(fields, ["insert_line", "insertLine"]) : undefined;
  return {
    oldText: oldText ?? "",
    newText: newText ?? "",
    ...(above === undefined || above < 0 ? {} : { newLine: above + 1 }),
  };
}

/** Also an empty text, which a deletion has. */
function firstText(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === "string") return value;
  }
  return undefined;
}

interface Hunk {
  readonly oldLines: string[];
  readonly newLines: string[];
  readonly oldLine?: number | undefined;
  readonly newLine?: number | undefined;
}

interface PatchedFile {
  path: string;
  newPath?: string;
  readonly type: "edit" | "create" | "delete";
  readonly hunks: Hunk[];
}

/** One change a file of the `*** Update File:` form or of a unified diff; context lines are in both texts. */
function patchChanges(patch: string): TextChange[] {
  const files: PatchedFile[] = [];
  let isInside = false;
  let previous = "";
  const lines = patch.split("\n");
  // The line break at the end of the patch begins no line.
  if (lines.at(-1) === "") lines.pop();
  for (const [index, line] of lines.entries()) {
    const head = fileHead(line, previous);
    previous = line;
    if (head !== undefined) {
      isInside = files.length < mostChanges;
      if (isInside) files.push(head);
      continue;
    }
    const file = files.at(-1);
    if (!isInside || file === undefined) continue;
    const moved = /^\*\*\* Move to: ([^\r]{1,1024})/.exec(line)?.[1];
    if (moved !== undefined) file.newPath = moved.trim();
    else if (endsFile(line, lines[index + 1] ?? "")) isInside = false;
    else if (line.startsWith("@@")) file.hunks.push(hunkAt(line));
    else addLine(file, line);
  }
  return files.map(({ hunks, ...file }) => ({
    ...file,
    parts: hunks
      .filter(({ oldLines, newLines }) => oldLines.length + newLines.length > 0)
      .map(({ oldLines, newLines, oldLine, newLine }) => ({
        oldText: oldLines.join("\n"),
        newText: newLines.join("\n"),
        ...(oldLine === undefined || oldLines.length === 0 ? {} : { oldLine }),
        ...(newLine === undefined || newLines.length === 0 ? {} : { newLine }),
      })),
  }));
}

function addLine(file: PatchedFile, line: string): void {
  let hunk = file.hunks.at(-1);
  if (hunk === undefined) {
    hunk = { oldLines: [], newLines: [], ...(file.type === "create" ? { newLine: 1 } : {}) };
    file.hunks.push(hunk);
  }
  if (line.startsWith("-")) hunk.oldLines.push(line.slice(1));
  else if (line.startsWith("+")) hunk.newLines.push(line.slice(1));
  else if (!line.startsWith("\\") && file.type === "edit")
    for (const side of [hunk.oldLines, hunk.newLines]) side.push(line.slice(1));
}

function hunkAt(line: string): Hunk {
  const match = /^@@ -(\d{1,9})(?:,\d{1,9})? \+(\d{1,9})(?:,\d{1,9})? @@/.exec(line);
  if (match === null) return { oldLines: [], newLines: [] };
  return { oldLines: [], newLines: [], oldLine: Number(match[1]), newLine: Number(match[2]) };
}

function fileHead(line: string, previous: string): PatchedFile | undefined {
  const own = /^\*\*\* (Update|Add|Delete) File: ([^\r]{1,1024})/.exec(line);
  if (own !== null) {
    const type = own[1] === "Add" ? "create" : own[1] === "Delete" ? "delete" : "edit";
    return { path: own[2]?.trim() ?? "", type, hunks: [] };
  }
  // A line that was added and starts with "++ " looks the same; only behind "--- " it is the head of a file.
  if (!previous.startsWith("--- ")) return undefined;
  const after = /^\+\+\+ (?:b\/)?([^\t\r]{1,1024})/.exec(line)?.[1]?.trim();
  if (after === undefined) return undefined;
  const before = /^--- (?:a\/)?([^\t\r]{1,1024})/.exec(previous)?.[1]?.trim();
  if (after === "/dev/null") return { path: before ?? "", type: "delete", hunks: [] };
  return { path: after, type: before === "/dev/null" ? "create" : "edit", hunks: [] };
}

function endsFile(line: string, next: string): boolean {
  return (
    /^(?:\*\*\* |diff --git |index [0-9a-f]{6})/.test(line) || (line.startsWith("--- ") && next.startsWith("+++ "))
  );
}
