// Activates a built extension in this process, which is to be fresh, with a stand-in for `vscode` that answers what an
// idle window answers. Prints one line of JSON with what it cost and what it holds. Run by `activateAlone`.
//
//   node activateProcess.mts <bundle> <storage folder> <until: rest|watching|returned|commands|restricted> [workspace folder]
//
// It imports nothing but Node's own modules, so that nothing else is measured; the stand-in refuses names it lacks, so
// that what the extension begins to use has to be answered here.
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createRequire, registerHooks } from "node:module";
import { basename, dirname } from "node:path";

const [bundle = "", storage = "", untilWhat = "rest", folder] = process.argv.slice(2);

type Callback = (...values: unknown[]) => unknown;
const handlers = new Map<string, Callback>();
const told: string[] = [];
let looks = 0;
let looksUnderWay = 0;

/** An object that has these names and throws for any other, so that the stand-in is never silently too small. */
function only<T extends object>(name: string, members: T): T {
  return new Proxy(members, {
    get(target, key, receiver) {
      if (key in target || typeof key === "symbol" || key === "then" || key === "__esModule")
        return Reflect.get(target, key, receiver) as unknown;
      throw new Error(`The stand-in for VS Code lacks ${name}.${key}`);
    },
  });
}

class Disposable {
  readonly dispose: () => void;
  constructor(dispose: () => void = () => {}) {
    this.dispose = dispose;
  }
  static from(...all: readonly { dispose(): void }[]): Disposable {
    return new Disposable(() => {
      for (const each of all) each.dispose();
    });
  }
}

class EventEmitter {
  readonly event = (): Disposable => new Disposable();
  fire(): void {}
  dispose(): void {}
}

class Uri {
  readonly scheme: string;
  readonly fsPath: string;
  constructor(scheme: string, fsPath: string) {
    this.scheme = scheme;
    this.fsPath = fsPath;
  }
  static file(path: string): Uri {
    return new Uri("file", path);
  }
}

const event = (): Disposable => new Disposable();
const dismissed =
  (kind: string) =>
  (...values: unknown[]): Promise<undefined> => {
    told.push(`${kind} ${typeof values[0] === "string" ? values[0] : ""}`.trim());
    return Promise.resolve(undefined);
  };
const nothing = (): void => {};
let changeWindow: Callback = nothing;

const vscode = only("vscode", {
  Disposable,
  EventEmitter,
  Uri,
  FileType: { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 },
  ConfigurationTarget: { Global: 1, Workspace: 2, WorkspaceFolder: 3 },
  DiagnosticSeverity: { Error: 0 },
  CompletionItemKind: { Variable: 5, Property: 9, EnumMember: 19 },
  QuickPickItemKind: { Separator: -1, Default: 0 },
  StatusBarAlignment: { Left: 1, Right: 2 },
  ThemeIcon: class {},
  CancellationTokenSource: class {
    readonly token = { isCancellationRequested: false };
    cancel(): void {}
    dispose(): void {}
  },
  UIKind: { Desktop: 1, Web: 2 },
  l10n: { t: (text: string) => text },
  env: only("env", {
    remoteName: undefined,
    uiKind: 1,
    appRoot: "/vscode",
    shell: "/bin/sh",
    clipboard: { writeText: () => Promise.resolve() },
  }),
  tasks: only("tasks", { fetchTasks: () => Promise.resolve([]) }),
  languages: only("languages", {
    createDiagnosticCollection: () => ({ set: nothing, clear: nothing, dispose: nothing }),
    registerCompletionItemProvider: event,
    registerHoverProvider: event,
    registerDocumentSymbolProvider: event,
    registerCodeLensProvider: event,
  }),
  commands: only("commands", {
    registerCommand(id: string, handler: Callback) {
      handlers.set(id, handler);
      return new Disposable();
    },
    executeCommand: () => Promise.resolve(undefined),
  }),
  window: only("window", {
    createOutputChannel: () => ({
      trace: nothing,
      debug: nothing,
      info: nothing,
      warn: (text: unknown) => void told.push(`log ${String(text)}`),
      error: (text: unknown) => void told.push(`log ${String(text)}`),
      show: nothing,
      dispose: nothing,
    }),
    createTreeView: () => ({
      visible: false,
      selection: [],
      badge: undefined,
      message: "",
      onDidChangeVisibility: event,
      dispose: nothing,
    }),
    createInputBox() {
      let hide: Callback = nothing;
      return {
        value: "",
        onDidChangeValue: event,
        onDidAccept: event,
        onDidHide(listener: Callback) {
          hide = listener;
          return new Disposable();
        },
        show: () => void hide(),
        dispose: nothing,
      };
    },
    createQuickPick() {
      let hide: Callback = nothing;
      return {
        value: "",
        items: [],
        activeItems: [],
        selectedItems: [],
        onDidChangeValue: event,
        onDidChangeActive: event,
        onDidAccept: event,
        onDidTriggerItemButton: event,
        onDidHide(listener: Callback) {
          hide = listener;
          return new Disposable();
        },
        show: () => void hide(),
        hide: nothing,
        dispose: nothing,
      };
    },
    createStatusBarItem: () => ({ show: nothing, hide: nothing, dispose: nothing }),
    activeTextEditor: undefined,
    tabGroups: only("tabGroups", { all: [], onDidChangeTabs: event }),
    terminals: [],
    createTerminal: () => ({ show: nothing, processId: new Promise(nothing), exitStatus: undefined }),
    onDidOpenTerminal: event,
    onDidCloseTerminal: event,
    onDidChangeWindowState(listener: Callback) {
      changeWindow = listener;
      return new Disposable();
    },
    registerCustomEditorProvider: event,
    registerUriHandler: event,
    showErrorMessage: dismissed("error"),
    showWarningMessage: dismissed("warning"),
    showInformationMessage: dismissed("info"),
    showQuickPick: dismissed("pick"),
    showInputBox: dismissed("input"),
    showOpenDialog: dismissed("dialog"),
    setStatusBarMessage: event,
  }),
  workspace: only("workspace", {
    isTrusted: untilWhat !== "restricted",
    workspaceFolders: folder === undefined ? undefined : [{ name: "shop", index: 0, uri: new Uri("file", folder) }],
    getConfiguration: () => ({
      // Nothing listens at a port that others may want.
      get: (setting: string) => (setting === "tracekeeper.collector.port" ? 0 : undefined),
      inspect: nothing,
      update: () => Promise.resolve(),
    }),
    onDidChangeConfiguration: event,
    onDidChangeWorkspaceFolders: event,
    onDidGrantWorkspaceTrust: event,
    onDidOpenTextDocument: event,
    onDidChangeTextDocument: event,
    textDocuments: [],
    registerTextDocumentContentProvider: event,
    findFiles: () => Promise.resolve([]),
    saveAll: () => Promise.resolve(true),
    fs: only("workspace.fs", {
      async stat(uri: Uri) {
        looks++;
        looksUnderWay++;
        try {
          return { type: (await stat(uri.fsPath)).isDirectory() ? 2 : 1 };
        } finally {
          looksUnderWay--;
        }
      },
    }),
  }),
});

const key = "tracekeeper.vscode";
(globalThis as Record<string, unknown>)[key] = vscode;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "vscode"
      ? { url: "stand-in:vscode", format: "commonjs", shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === "stand-in:vscode"
      ? { format: "commonjs", source: `module.exports = globalThis[${JSON.stringify(key)}];`, shortCircuit: true }
      : next(url, context),
});

interface Extension {
  activate(context: unknown): unknown;
}

const subscriptions: { dispose(): void }[] = [];
const context = only("context", {
  subscriptions,
  extensionUri: new Uri("file", dirname(dirname(bundle))),
  globalStorageUri: new Uri("file", storage),
  extension: { id: "tracekeeper.tracekeeper" },
  workspaceState: { get: nothing, update: () => Promise.resolve() },
  globalState: { get: nothing, update: () => Promise.resolve() },
  secrets: { get: () => Promise.resolve(undefined), store: () => Promise.resolve(), delete: () => Promise.resolve() },
  environmentVariableCollection: { persistent: true, clear: nothing, replace: nothing },
});

/** What keeps a process from being at rest: timers, watchers, workers, requests; and the system's own count of watches. */
function held(): { resources: string[]; watches: number } {
  const own = new Set(["PipeWrap", "TTYWrap", "Pipe", "FileHandle"]);
  let watches = 0;
  for (const name of existsSync("/proc/self/fdinfo") ? readdirSync("/proc/self/fdinfo") : [])
    try {
      watches += (readFileSync(`/proc/self/fdinfo/${name}`, "utf8").match(/^inotify /gm) ?? []).length;
    } catch {
      // The descriptor of the listing itself is closed by now.
    }
  return {
    resources: process
      .getActiveResourcesInfo()
      .filter((resource) => !own.has(resource))
      .sort(),
    watches,
  };
}

const before = held();
const startMs = performance.now();
const require = createRequire(import.meta.url);
const extension = require(bundle) as Extension;
const loadedMs = performance.now();
const returned = extension.activate(context);
const activatedMs = performance.now();

// The window is idle: what was put off now happens. At rest means that nothing changed over several turns of the loop, and
// that no file is being read.
for (let quietTurns = 0; quietTurns < 20; quietTurns++) {
  await new Promise((resolve) => setImmediate(resolve));
  const isReading = held().resources.some((resource) => resource.startsWith("FSReq"));
  if (looks === 0 || looksUnderWay > 0 || isReading) quietTurns = 0;
}
// A first run makes its directory while the person looks elsewhere, who then comes back to the window.
if (untilWhat === "returned") {
  mkdirSync(`${folder}/.tracekeeper/traces`, { recursive: true });
  changeWindow({ focused: true, active: true });
}
// Whatever comes and goes on the way, such as a timer, is not what is waited for.
if (untilWhat === "watching" || untilWhat === "returned")
  while (!held().resources.includes("FSEventWrap")) await new Promise((turn) => setTimeout(turn, 5));
if (untilWhat === "commands" || untilWhat === "restricted") for (const handler of handlers.values()) await handler();
const after = held();
for (const subscription of subscriptions.reverse()) subscription.dispose();
// Node closes a handle in a later turn of the loop, and what was being read is read to its end.
for (let turns = 0; turns < 200 && JSON.stringify(held()) !== JSON.stringify(before); turns++)
  await new Promise((turn) => setImmediate(turn));
process.stdout.write(
  JSON.stringify({
    loadMs: loadedMs - startMs,
    activateMs: activatedMs - loadedMs,
    isSynchronous: returned === undefined,
    looks,
    before,
    after,
    told,
    commands: handlers.size,
    bundles: Object.keys(require.cache).flatMap((file) =>
      file.startsWith("/") || file.includes("\\") ? [basename(file)] : [],
    ),
    disposed: held(),
  }),
);
