// The places that a tool call's arguments name: the file it reads, writes or changes, and how to find the spot in it.

import type { Place } from "./place";
import { acceptPath, looksLikeFile, pathOfUrl, positionNumber } from "./placePath";
import { wordLocation } from "./placeSyntax";
import type { TraceSpan } from "./schema";
import {
  asFields,
  asNumber,
  type Fields,
  numberField,
  pathFields,
  shellCommand,
  type ToolCall,
  textField,
  toolCall,
} from "./toolCall";

/** A text to find is cut to this length: a file that holds the beginning is the right one. */
const findLength = 4_000;
const mostFiles = 20;
const newTextFields = [
  "newString",
  "new_string",
  "new_str",
  "newText",
  "new_text",
  "replace",
  "replacement",
  "content",
  "new_source",
];
const oldTextFields = ["oldString", "old_string", "old_str", "oldText", "old_text", "search", "find"];

/** In order of use; empty for a span that is no tool call. Paths without an extension are left to calls that change files. */
export function placesOfTool(span: TraceSpan): Place[] {
  if (span.kind !== "tool") return [];
  const call = toolCall(span);
  const patch = call.text ?? textField(call.fields, ["input", "patch", "patchText", "diff"]);
  const patched = patch === undefined ? [] : placesOfPatch(patch);
  if (patched.length > 0) return patched;
  const places = [...placeOfFields(call.fields, call, span), ...placesOfLists(call, span)];
  if (places.length > 0) return places.slice(0, mostFiles);
  const command = call.action === "shell" ? (shellCommand(call.fields) ?? call.text) : undefined;
  return command === undefined ? [] : placesOfCommand(command);
}

function placeOfFields(fields: Fields, call: ToolCall, span: TraceSpan): Place[] {
  const path = toolPath(textField(fields, pathFields), call);
  if (path === undefined) return [];
  const find = textsToFind(fields, call);
  const line = find.length > 0 ? undefined : readLine(fields, span);
  return [{ path, origin: "tool", ...(line === undefined ? {} : { line }), ...(find.length === 0 ? {} : { find }) }];
}

function placesOfLists(call: ToolCall, span: TraceSpan): Place[] {
  const places: Place[] = [];
  for (const name of ["edits", "replacements", "files", "paths", "file_paths", "filePaths"]) {
    const list = call.fields[name];
    if (!Array.isArray(list)) continue;
    for (const item of list.slice(0, mostFiles) as unknown[]) {
      const fields = typeof item === "string" ? { path: item } : asFields(item);
      if (fields !== undefined) places.push(...placeOfFields(fields, call, span));
    }
  }
  return places;
}

function toolPath(text: string | undefined, call: ToolCall): string | undefined {
  if (text === undefined) return undefined;
  const url = pathOfUrl(text.trim());
  const path = url === undefined ? undefined : acceptPath(url);
  if (path === undefined) return undefined;
  const changes = call.action === "edit" || call.action === "write" || call.action === "read";
  return changes || looksLikeFile(path, true) ? path : undefined;
}

/** An edit's new text, then its old one: after a success the file holds the new one, after a failure the old one. */
function textsToFind(fields: Fields, call: ToolCall): string[] {
  if (call.action !== "edit" && !("oldString" in fields) && !("old_string" in fields)) return [];
  const edits = Array.isArray(fields["edits"])
    ? (fields["edits"] as unknown[]).slice(0, 8).map((edit) => asFields(edit) ?? {})
    : [];
  const all = [fields, ...edits];
  const texts = [newTextFields, oldTextFields].flatMap((names) =>
    all.flatMap((part) => {
      const text = textField(part, names);
      return text === undefined || text.trim() === "" ? [] : [text.slice(0, findLength)];
    }),
  );
  return [...new Set(texts)];
}

/**
 * The line that a call starts to read at. Some tools count `offset` from 0, others from 1; where the output numbers its
 * lines the first number tells, otherwise the offset is taken as it is, which is at most one line too early.
 */
function readLine(fields: Fields, span: TraceSpan): number | undefined {
  const range = fields["view_range"] ?? fields["viewRange"];
  const named =
    (Array.isArray(range) ? asNumber(range[0]) : undefined) ??
    numberField(fields, [
      "start_line",
      "startLine",
      "start_line_one_indexed",
      "StartLine",
      "line",
      "insert_line",
      "line_number",
    ]);
  if (named !== undefined) return positionNumber(named);
  const offset = numberField(fields, ["offset"]);
  if (offset === undefined) return undefined;
  if (typeof span.output === "string") {
    const first = Number(/^(?:<\w+>\s{0,4})?\s{0,8}(\d{1,7})[\t|:→]/.exec(span.output.slice(0, 200))?.[1]);
    if (first === offset || first === offset + 1) return positionNumber(first);
  }
  return positionNumber(Math.max(1, offset));
}

/** The files of a patch in the `*** Update File:` form or as a unified diff, with what was put in and what was taken out. */
function placesOfPatch(patch: string): Place[] {
  const files: { path: string; line: number | undefined; added: string[]; removed: string[] }[] = [];
  let isAddedDone = false;
  for (const line of patch.slice(0, 200_000).split("\n")) {
    const head = /^(?:\*\*\* (?:Update|Add|Delete) File: |\+\+\+ (?:b\/)?)([^\t\r]{1,1024})/.exec(line)?.[1]?.trim();
    if (head !== undefined) {
      isAddedDone = false;
      const path = head === "/dev/null" ? undefined : acceptPath(head);
      if (path !== undefined && files.length < mostFiles) files.push({ path, line: undefined, added: [], removed: [] });
      continue;
    }
    const file = files.at(-1);
    if (file === undefined) continue;
    const hunk = /^@@ -\d{1,7}(?:,\d{1,7})? \+(\d{1,7})/.exec(line);
    if (hunk !== null) file.line ??= positionNumber(hunk[1]);
    // Only the first run of lines: what stands between two runs is not in the patch as it is in the file.
    if (line.startsWith("+") && !isAddedDone) file.added.push(line.slice(1));
    else if (file.added.length > 0) isAddedDone = true;
    if (line.startsWith("-") && !line.startsWith("---") && file.added.length === 0) file.removed.push(line.slice(1));
  }
  return files.map(({ path, line, added, removed }) => {
    const find = [added, removed]
      .map((lines) => lines.join("\n").slice(0, findLength))
      .filter((text) => text.trim() !== "");
    return { path, origin: "tool", ...(line === undefined ? {} : { line }), ...(find.length === 0 ? {} : { find }) };
  });
}

/** Files that a command line names, as in `npx vitest run test/tax.test.ts`. */
function placesOfCommand(command: string): Place[] {
  const places: Place[] = [];
  for (const match of command.slice(0, 4_000).matchAll(/[^\s"'`<>|;&()]+/g)) {
    const location = wordLocation(match[0]);
    if (location !== undefined) places.push({ ...location, origin: "tool" });
    if (places.length >= 5) break;
  }
  return places;
}
