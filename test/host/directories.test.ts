import { homedir } from "node:os";
import { beforeEach, describe, expect, it, vi } from "vitest";

// Of the editor the module needs its folders, its trust and a look at the disk: data, all of it.
const workspace = vi.hoisted(() => ({
  isTrusted: true,
  workspaceFolders: undefined as { name: string; uri: { scheme: string; fsPath: string } }[] | undefined,
  fs: { stat: async (): Promise<{ type: number }> => ({ type: 0 }) },
}));
vi.mock("vscode", () => ({
  workspace,
  l10n: { t: (text: string) => text },
  FileType: { File: 1, Directory: 2 },
  Uri: { file: (fsPath: string) => ({ scheme: "file", fsPath }) },
}));

import type { Uri } from "vscode";
import { anyExists, levelsBelow, offeredDirectories, watchedDirectories } from "../../src/host/directories";

const storage = { fsPath: "/storage" } as Uri;
const folder = (fsPath: string, scheme = "file") => ({ name: fsPath.slice(1), uri: { scheme, fsPath } });

beforeEach(() => {
  workspace.isTrusted = true;
  workspace.workspaceFolders = [folder("/shop")];
  workspace.fs.stat = async () => ({ type: 0 });
});

describe("the watched directories", () => {
  it("are those of all folders on this machine", () => {
    workspace.workspaceFolders = [folder("/shop"), folder("/web", "vscode-vfs"), folder("/lib")];
    expect(watchedDirectories([], storage).directories).toEqual([
      "/shop/.tracekeeper/traces",
      "/lib/.tracekeeper/traces",
    ]);
  });

  it.each([
    ["no folder", undefined],
    ["none on this machine", [folder("/web", "vscode-vfs")]],
  ])("are in the extension's storage where there is %s", (_what, folders) => {
    workspace.workspaceFolders = folders;
    expect(watchedDirectories([], storage).directories).toEqual(["/storage/traces"]);
  });

  it("include those of the setting, with variables replaced and each one once", () => {
    const configured = ["~/traces", `${homedir()}/traces`, "$" + "{workspaceFolder}/runs", " /var/traces/../traces/ "];
    expect(watchedDirectories(configured, storage)).toEqual({
      directories: ["/shop/.tracekeeper/traces", `${homedir()}/traces`, "/shop/runs", "/var/traces/"],
      refused: [],
    });
  });

  it.each([
    ["relative/traces", "it is not an absolute path"],
    ["", "it is not an absolute path"],
    ["$" + "{workspaceFolder:nobody}/x", "it is not an absolute path"],
    ["//host/share/traces", "it is a network path (UNC); mount it first"],
    ["\\\\host\\share\\traces", "it is not an absolute path"],
  ])("leave out %j and say why", (entry, reason) => {
    expect(watchedDirectories([entry], storage)).toEqual({
      directories: ["/shop/.tracekeeper/traces"],
      refused: [{ entry, reason }],
    });
  });

  it("are below the workspace alone in Restricted Mode", () => {
    workspace.isTrusted = false;
    expect(watchedDirectories(["/var/traces"], storage)).toEqual({
      directories: ["/shop/.tracekeeper/traces"],
      refused: [],
    });
  });
});

describe("directories on disk", () => {
  it("count when they are directories, also behind a link, and not when the look fails", async () => {
    workspace.fs.stat = async () => ({ type: 1 });
    expect(await anyExists(["/a"])).toBe(false);
    workspace.fs.stat = async () => ({ type: 2 | 64 });
    expect(await anyExists(["/a"])).toBe(true);
    workspace.fs.stat = async () => {
      throw new Error("EACCES");
    };
    expect(await anyExists(["/a"])).toBe(false);
    expect(await anyExists([])).toBe(false);
  });

  it("of other recorders are offered where they exist and are not watched yet", async () => {
    for (const moved of ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME"]) vi.stubEnv(moved, undefined);
    const known = [
      { recorder: "altimate-code", path: `${homedir()}/.local/share/altimate-code/traces` },
      { recorder: "Claude Code", path: `${homedir()}/.claude/projects` },
      { recorder: "Codex", path: `${homedir()}/.codex/sessions` },
      { recorder: "Copilot CLI", path: `${homedir()}/.copilot/session-state` },
    ];
    expect(await offeredDirectories([])).toEqual([]);
    workspace.fs.stat = async () => ({ type: 2 });
    expect(await offeredDirectories([])).toEqual(known);
    expect(await offeredDirectories(known.map(({ path }) => path))).toEqual([]);
    vi.stubEnv("CLAUDE_CONFIG_DIR", "/elsewhere/claude");
    expect((await offeredDirectories([])).at(1)).toEqual({
      recorder: "Claude Code",
      path: "/elsewhere/claude/projects",
    });
    expect(levelsBelow("/elsewhere/claude/projects")).toBe(1);
    vi.unstubAllEnvs();
  });

  it("of known programs have so many levels of folders below them, and others none", () => {
    expect(levelsBelow(`${homedir()}/.codex/sessions`)).toBe(3);
    expect(levelsBelow("/mnt/backup/.claude/projects")).toBe(1);
    expect(levelsBelow("/elsewhere/traces")).toBe(0);
  });
});
