// The change that an edit tool was asked for, as old and new texts: what a diff is drawn from. It is the call's claim
// and says nothing of the file.

import { asFields, type Fields, pathFields, type ToolCall, textField } from "./toolCall";

export interface TextChange {
  /** "" where the call names none. */
  readonly path: string;
  readonly oldText: string;
  readonly newText: string;
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
const mostChanges = 200;

/** The changes in their order; undefined for a call that changes nothing or says it in a way that is not known. */
export function editChanges(call: ToolCall): TextChange[] | undefined {
  const patch = call.text ?? textField(call.fields, ["input", "patch", "patchText", "diff"]);
  if (patch !== undefined) {
    const changes = patchChanges(patch);
    if (changes.length > 0) return changes;
  }
  if (call.action === "write" || call.text !== undefined) return undefined;
  const path = textField(call.fields, pathFields) ?? "";
  const single = changeOf(call.fields, path);
  if (single !== undefined) return [single];
  for (const name of ["edits", "replacements", "changes"]) {
    const list = call.fields[name];
    if (!Array.isArray(list)) continue;
    const changes = (list.slice(0, mostChanges) as unknown[]).flatMap((item) => {
      const fields = asFields(item);
      return fields === undefined ? [] : (changeOf(fields, textField(fields, pathFields) ?? path) ?? []);
    });
    if (changes.length > 0) return changes;
  }
  return undefined;
}

function changeOf(fields: Fields, path: string): TextChange | undefined {
  const oldText = firstText(fields, oldNames);
  const newText = firstText(fields, newNames);
  if (oldText === undefined && newText === undefined) return undefined;
  return { path, oldText: oldText ?? "", newText: newText ?? "" };
}

/** Also an empty text, which a deletion has. */
function firstText(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === "string") return value;
  }
  return undefined;
}

/** One change a file of the `*** Update File:` form or of a unified diff; context lines are in both texts. */
function patchChanges(patch: string): TextChange[] {
  const changes: { path: string; oldLines: string[]; newLines: string[] }[] = [];
  let isInside = false;
  let previous = "";
  const lines = patch.split("\n");
  for (const [index, line] of lines.entries()) {
    const path = headPath(line, previous);
    previous = line;
    if (path !== undefined) {
      isInside = changes.length < mostChanges;
      if (isInside) changes.push({ path, oldLines: [], newLines: [] });
      continue;
    }
    const change = changes.at(-1);
    if (!isInside || change === undefined) continue;
    const { oldLines, newLines } = change;
    if (endsFile(line, lines[index + 1] ?? "")) isInside = line.startsWith("*** Move to:");
    else if (line.startsWith("@@")) {
      // What lies between two hunks is unknown: a line that says so keeps them apart in both texts.
      if (oldLines.length + newLines.length > 0) for (const side of [oldLines, newLines]) side.push("⋯");
    } else if (line.startsWith("-")) oldLines.push(line.slice(1));
    else if (line.startsWith("+")) newLines.push(line.slice(1));
    else if (!line.startsWith("\\")) for (const side of [oldLines, newLines]) side.push(line.slice(1));
  }
  return changes.map(({ path, oldLines, newLines }) => ({
    path,
    oldText: oldLines.join("\n"),
    newText: newLines.join("\n"),
  }));
}

function headPath(line: string, previous: string): string | undefined {
  const own = /^\*\*\* (?:Update|Add|Delete) File: ([^\r]{1,1024})/.exec(line);
  // A line that was added and starts with "++ " looks the same; only behind "--- " it is the head of a file.
  const unified = previous.startsWith("--- ") ? /^\+\+\+ (?:b\/)?([^\t\r]{1,1024})/.exec(line) : null;
  return (own ?? unified)?.[1]?.trim();
}

function endsFile(line: string, next: string): boolean {
  return (
    /^(?:\*\*\* |diff --git |index [0-9a-f]{6})/.test(line) || (line.startsWith("--- ") && next.startsWith("+++ "))
  );
}
