// From the name of a task to what is run: a registered command or playbook, else a playbook of the folder by its path, by
// the name of its file or by the name that stands in it. Nothing outside the folder is reached by a name that came in.

import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { ItemRefused } from "../../batch/runner";
import { isInside } from "../../store/insideFolder";
import { meantWords } from "../playbook/didYouMean";
import type { ParsedPlaybook } from "../playbook/parsePlaybook";
import type { Playbook } from "../playbook/playbook";
import { parsedFile } from "../playbookFile";
import { findPlaybooks, isPlaybookFile, playbookFileName } from "./playbookSearch";
import { type CommandTask, ownTask, type Task, type Tasks } from "./tasks";

export type ResolvedTask =
  | (CommandTask & { readonly type: "command" })
  /** @param path absolute */
  | { readonly type: "playbook"; readonly path: string; readonly checkpoints?: boolean | undefined };

interface KnownFile {
  readonly stamp: string;
  readonly parsed: ParsedPlaybook;
}

/** Folders are gone through again for a name that is not known, but not for each of a thousand items. */
const searchAgainMs = 2_000;
const mostKnownFiles = 200;

export class TaskRegistry {
  readonly #folder: string;
  readonly #tasks: Tasks;
  readonly #files = new Map<string, KnownFile>();
  #search: { readonly atMs: number; readonly found: Promise<readonly string[]> } | undefined;

  /** @param folder absolute: where tasks are at home, and where playbooks are looked for */
  constructor(folder: string, tasks: Tasks = {}) {
    this.#folder = folder;
    this.#tasks = tasks;
  }

  get folder(): string {
    return this.#folder;
  }

  /** Undefined where nobody has registered it. */
  registered(name: string): Task | undefined {
    return ownTask(this.#tasks, name);
  }

  /** Path of a playbook that nobody has registered. Rejects with `ItemRefused`. */
  async playbookNamed(name: string): Promise<string> {
    return (await this.#byPath(name)) ?? (await this.#byName(name));
  }

  resolved(task: Task): ResolvedTask {
    if ("playbook" in task) {
      const { playbook, checkpoints } = task;
      return { type: "playbook", path: resolve(this.#folder, playbook), checkpoints };
    }
    return { type: "command", ...task, cwd: resolve(this.#folder, task.cwd ?? ".") };
  }

  /** A playbook that is sound. Rejects with `ItemRefused`, which tells the first mistake in it. */
  async playbook(path: string): Promise<Playbook> {
    let parsed: ParsedPlaybook;
    try {
      parsed = await this.#parsed(path);
    } catch (error) {
      throw new ItemRefused("PLAYBOOK_UNREADABLE", `The playbook can't be read: ${(error as Error).message}`);
    }
    if (parsed.playbook !== undefined) return parsed.playbook;
    const problem = parsed.problems.find(({ severity }) => severity === "error");
    const line = problem?.range.start.line ?? 1;
    throw new ItemRefused("PLAYBOOK_UNSOUND", `${path}:${line}: ${problem?.message ?? "is no playbook"}`);
  }

  async #byPath(name: string): Promise<string | undefined> {
    if (isAbsolute(name) || !isPlaybookFile(name)) return undefined;
    const path = resolve(this.#folder, name);
    const [real, folder] = await Promise.all([
      realpath(path).catch(() => undefined),
      realpath(this.#folder).catch(() => this.#folder),
    ]);
    return real !== undefined && isInside(folder, real) ? path : undefined;
  }

  async #byName(name: string): Promise<string> {
    const paths = await this.#found();
    const ofFile = paths.filter((path) => playbookFileName(path) === name);
    if (ofFile.length > 0) return onlyOne(name, ofFile, this.#folder);
    const named: string[] = [];
    const names: string[] = [];
    for (const path of paths) {
      const own = (await this.#parsed(path).catch(() => undefined))?.playbook?.name;
      if (own === undefined) continue;
      names.push(own);
      if (own === name) named.push(path);
    }
    if (named.length > 0) return onlyOne(name, named, this.#folder);
    const known = [...Object.keys(this.#tasks), ...paths.map(playbookFileName), ...names];
    throw new ItemRefused("TASK_UNKNOWN", `There is no task "${name}".${meantWords(name, known)}${this.#hint(known)}`);
  }

  #hint(known: readonly string[]): string {
    if (known.length > 0) return "";
    return " None is registered, and there is no playbook.";
  }

  async #found(): Promise<readonly string[]> {
    const nowMs = performance.now();
    if (this.#search === undefined || nowMs - this.#search.atMs > searchAgainMs) {
      this.#search = { atMs: nowMs, found: findPlaybooks(this.#folder) };
    }
    return await this.#search.found;
  }

  /** Parsed once for as long as the file is the same. Rejects with the system's error. */
  async #parsed(path: string): Promise<ParsedPlaybook> {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    const stamp = `${mtimeNs} ${size} ${ino}`;
    const known = this.#files.get(path);
    if (known?.stamp === stamp) return known.parsed;
    const parsed = await parsedFile(path);
    this.#files.delete(path);
    this.#files.set(path, { stamp, parsed });
    const [oldest] = this.#files.keys();
    if (this.#files.size > mostKnownFiles && oldest !== undefined) this.#files.delete(oldest);
    return parsed;
  }
}

function onlyOne(name: string, paths: readonly string[], folder: string): string {
  const [only, ...others] = paths;
  if (only !== undefined && others.length === 0) return only;
  const shown = paths.slice(0, 3).map((path) => path.slice(join(folder, "/").length));
  throw new ItemRefused(
    "TASK_AMBIGUOUS",
    `${paths.length} playbooks are called "${name}" (${shown.join(", ")}${paths.length > 3 ? ", …" : ""}): give a path.`,
  );
}

/** Where relative paths that a payload gives to a playbook begin. */
export function pathBase(folder: string, playbook: string) {
  return {
    given: (each: string) => resolve(folder, each),
    default: (each: string) => resolve(dirname(playbook), each),
  };
}
