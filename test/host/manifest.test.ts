import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { commandIds, contextKeys, editorIds, settingIds, viewContainerIds, viewIds } from "../../src/host/ids";
import { defaultRunners } from "../../src/host/start/fileRunner";

const root = path.resolve(import.meta.dirname, "../..");
const manifestText = readFileSync(path.join(root, "package.json"), "utf8");
const manifest = JSON.parse(manifestText);
const { contributes } = manifest;
const nls: Record<string, string> = JSON.parse(readFileSync(path.join(root, "package.nls.json"), "utf8"));

function sorted(values: Iterable<string>): string[] {
  return [...values].sort();
}

describe("the manifest and the code", () => {
  it("name the same commands", () => {
    expect(sorted(contributes.commands.map((command: { command: string }) => command.command))).toEqual(
      sorted(Object.values(commandIds)),
    );
  });

  it("name the same settings", () => {
    expect(sorted(Object.keys(contributes.configuration.properties))).toEqual(sorted(Object.values(settingIds)));
  });

  it("name the same views, containers and editors", () => {
    expect(contributes.views.tracekeeper.map((view: { id: string }) => view.id)).toEqual(Object.values(viewIds));
    expect(contributes.viewsContainers.activitybar.map((container: { id: string }) => container.id)).toEqual(
      Object.values(viewContainerIds),
    );
    expect(contributes.customEditors.map((editor: { viewType: string }) => editor.viewType)).toEqual(
      Object.values(editorIds),
    );
  });

  it("use no command in a menu, keybinding or text that is not contributed", () => {
    const used = [...(manifestText + JSON.stringify(nls)).matchAll(/(?<![\w/-])tracekeeper\.[a-z]\w*/g)].map(
      (match) => match[0],
    );
    const known = new Set<string>([
      ...Object.values(commandIds),
      ...Object.values(settingIds),
      // The group of a setting, and what comes with a view.
      ...Object.values(settingIds).map((id) => id.split(".").slice(0, 2).join(".")),
      ...Object.values(contextKeys),
      ...Object.values(viewIds),
      ...Object.values(editorIds),
    ]);
    expect(sorted(new Set(used.filter((id) => !known.has(id))))).toEqual([]);
  });

  it("have a text for every placeholder, and no text without one", () => {
    const placeholders = [...manifestText.matchAll(/"%([^%"]+)%"/g)].map((match) => match[1] as string);
    expect(sorted(new Set(placeholders))).toEqual(sorted(Object.keys(nls)));
  });

  it("contribute the schema of playbooks for the files that are playbooks, and package it", () => {
    expect(contributes.yamlValidation).toEqual([
      { fileMatch: ["*.playbook.yaml", "*.playbook.yml"], url: "./media/playbook.schema.json" },
    ]);
    expect(readFileSync(path.join(root, ".vscodeignore"), "utf8").split("\n")).toContain("!media/playbook.schema.json");
  });

  it("use every context key that the code sets in a clause", () => {
    for (const key of Object.values(contextKeys)) expect(manifestText).toContain(key);
  });

  it("restrict in untrusted workspaces what could point outside of them", () => {
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations).toEqual(
      expect.arrayContaining([settingIds.directories, settingIds.pathMap, settingIds.runners, settingIds.stopPauses]),
    );
  });

  it("run files in the same way where nothing is set", () => {
    expect(contributes.configuration.properties[settingIds.runners].default).toEqual(defaultRunners);
  });

  it("keep the ports of sessions from being forwarded, on whatever system the window is", () => {
    const [pattern, ...others] = Object.keys(contributes.configurationDefaults["remote.portsAttributes"]);
    expect(others).toEqual([]);
    // As VS Code reads command lines: with NUL characters on Linux, with quotes on Windows.
    for (const line of [
      "/usr/bin/node\0/x/dist/session.js\0--launch\0/y/a.json\0",
      "/usr/bin/node /x/dist/session.js --launch /y/a.json",
      '"C:\\Code.exe" "C:\\x\\dist\\session.js" --launch "C:\\y\\a.json"',
    ])
      expect(line).toMatch(new RegExp(pattern ?? ""));
    expect("/usr/bin/node\0dist/session.js\0").not.toMatch(new RegExp(pattern ?? ""));
  });

  it("activate after startup and by a link only", () => {
    expect(manifest.activationEvents).toEqual(["onStartupFinished", "onUri"]);
  });
});

describe("the texts of the host", () => {
  it("never reach a VS Code surface from a trace without passing the one function that makes them harmless", () => {
    const offenders: string[] = [];
    for (const file of hostFiles(path.join(root, "src/host")))
      for (const call of readFileSync(file, "utf8").matchAll(
        /show(?:Information|Warning|Error)Message\(\s*([^;]{0,200})/g,
      ))
        if (!/^(plainText\(|vscode\.l10n\.t\("[^"]*"\))/.test(call[1] ?? ""))
          offenders.push(`${path.relative(root, file)}: ${call[0]}`);
    expect(offenders).toEqual([]);
  });
});

function hostFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.join(entry.parentPath, entry.name));
}
