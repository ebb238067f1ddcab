// Composition root: builds the parts and wires them together. `activate` registers and returns; whatever costs something
// starts when it is first needed.

import { join } from "node:path";
import * as vscode from "vscode";
import { silentLogger } from "./base/logger";
import { addDirectory } from "./host/addDirectory";
import { BatchSupport } from "./host/batch/batchSupport";
import { CollectorControl } from "./host/collect/collectorControl";
import { registerCommands } from "./host/commandEdge";
import { fileFolders } from "./host/directories";
import { FailureNotifier } from "./host/failures/failureNotifier";
import { FailureProblems } from "./host/failures/failureProblems";
import { FailingStepNavigator } from "./host/failures/goToFailingStep";
import { forgetScans } from "./host/forgetScans";
import { editorIds } from "./host/ids";
import { openTraceFile } from "./host/openTraceFile";
import { createOutputLogger } from "./host/outputLogger";
import { keepPanelContext } from "./host/panel/panelContext";
import { doIntent } from "./host/panel/panelIntents";
import { PanelRegistry } from "./host/panel/panelRegistry";
import { PayloadDocuments } from "./host/panel/payloadDocuments";
import { selectedSource } from "./host/panel/selectedSource";
import { openTraceEditor, TraceEditorProvider } from "./host/panel/traceEditor";
import { playbookToolsLoader } from "./host/playbook/loadPlaybookTools";
import { newPlaybook } from "./host/playbook/newPlaybook";
import { filePath } from "./host/playbook/playbookFiles";
import { runsInStore } from "./host/playbook/playbookRuns";
import { PlaybookSupport } from "./host/playbook/playbookSupport";
import { KeptSecrets } from "./host/playbook/run/keptSecrets";
import { Retention } from "./host/retention";
import { SessionRecovery } from "./host/sessionRecovery";
import { DoubleClick } from "./host/sessions/doubleClick";
import { DroppedFiles } from "./host/sessions/droppedFiles";
import { SeenSessions } from "./host/sessions/seenSessions";
import { SessionActions } from "./host/sessions/sessionActions";
import { SessionsView } from "./host/sessions/sessionsView";
import { readSettings, settingChanged } from "./host/settings";
import { SourceNavigator } from "./host/source/goToSource";
import { onDidChangeSessionControl } from "./host/start/sessionControl";
import { SessionStart } from "./host/start/sessionStart";
import { StoreStarter } from "./host/storeStarter";
import { createUriHandler } from "./host/uriHandler";
import { importedFiles } from "./reader/listImported";
import { ReaderClient } from "./reader/readerClient";
import { watchedPort } from "./reader/watchedPort";
import { workerPort } from "./reader/workerPort";
import { confineAccess } from "./store/confinedAccess";
import { programHash } from "./store/programHash";
import { TraceStore } from "./store/traceStore";

export function activate(context: vscode.ExtensionContext): void {
  const own = <T extends vscode.Disposable>(disposable: T): T => {
    context.subscriptions.push(disposable);
    return disposable;
  };
  const logger = own(createOutputLogger());
  const access = confineAccess(trustedFolders);
  const memory = {
    folder: join(context.globalStorageUri.fsPath, "listings"),
    producer: programHash(join(context.extensionUri.fsPath, "dist", "extension.js")),
    mayWrite: () => vscode.workspace.isTrusted,
  };
  const store = own(new TraceStore({ directories: [], logger, access, memory, foreign: importedFiles }));
  const scans = join(context.globalStorageUri.fsPath, "scans");
  own(forgetScans(store, scans, logger));
  const starter = own(new StoreStarter(store, access, logger, context.globalStorageUri, context.workspaceState));
  const reader = own(
    new ReaderClient({
      connect: () =>
        watchedPort(workerPort(join(context.extensionUri.fsPath, "dist", "reader.js"), { storage: scans })),
      borders: trustedFolders,
      logger,
    }),
  );
  const registry = own(new PanelRegistry());
  const seen = new SeenSessions(context.workspaceState, Date.now());
  const navigator = new FailingStepNavigator(store, registry, starter.start);
  const secrets = new KeptSecrets(context.secrets, context.globalState);
  const batches = own(
    new BatchSupport({
      extensionUri: context.extensionUri,
      store,
      access,
      logger,
      navigator,
      storage: context.globalStorageUri.fsPath,
      secrets,
      workspaceState: context.workspaceState,
      start: starter.start,
    }),
  );
  const view = own(new SessionsView(store, seen, batches.listed, starter.start, new DroppedFiles(logger)));
  const sources = new SourceNavigator(logger);
  const documents = own(new PayloadDocuments(store, reader, registry));
  const actions = new SessionActions({ store, view, registry, logger });

  own(
    new TraceEditorProvider({
      extensionUri: context.extensionUri,
      store,
      reader,
      registry,
      logger,
      memento: context.globalState,
      onIntent: (intent, connection) =>
        doIntent(intent, connection, {
          sources,
          documents,
          actions,
          resume: (key) => sessions.resumePlaybook({ key }),
          openSession: (id, from) => actions.openById(id, from),
          openBatch: (batch, from) => batches.openRun(batch, from),
        }),
    }),
  );
  own(keepPanelContext(registry, store, seen, () => view.refresh()));
  own(
    new FailureNotifier({
      store,
      registry,
      navigator,
      logger,
      isEnabled: () => readSettings(silentLogger).notifyOnFailure,
      isToldElsewhere: (entry) => batches.isTold(entry),
    }),
  );
  const problems = own(
    new FailureProblems({ store, reader, registry, sources, logger, mode: () => readSettings(silentLogger).problems }),
  );
  own(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (settingChanged(event, "problems", "pathMap")) problems.reset();
    }),
  );
  own(vscode.window.registerUriHandler(createUriHandler(starter.start, store, navigator)));

  const playbookTools = playbookToolsLoader(join(context.extensionUri.fsPath, "dist"));
  own(new PlaybookSupport({ tools: playbookTools, runs: runsInStore(store), logger }));
  const sessions = own(
    new SessionStart({
      store,
      registry,
      starter,
      logger,
      workspaceState: context.workspaceState,
      storage: context.globalStorageUri.fsPath,
      program: join(context.extensionUri.fsPath, "dist", "session.js"),
      playbookTools,
      secrets,
      onLaunched: (session) => batches.onLaunched(session),
    }),
  );
  own(onDidChangeSessionControl(() => view.refresh()));
  const recovery = own(
    new SessionRecovery({
      logger,
      program: join(context.extensionUri.fsPath, "dist", "cli.js"),
      directories: () => starter.directories,
      ready: store.ready,
    }),
  );
  own(new Retention({ logger, directories: () => starter.directories, ready: store.ready }));
  const collector = own(
    new CollectorControl({
      starter,
      logger,
      storage: context.globalStorageUri.fsPath,
      program: join(context.extensionUri.fsPath, "dist", "collector.js"),
      secrets,
      terminals: context.environmentVariableCollection,
    }),
  );
  const doubleClick = new DoubleClick();
  const navigate = (target: Parameters<NonNullable<typeof registry.active>["navigate"]>[0]) => () =>
    registry.active ? registry.active.navigate(target) : batches.navigate(target);

  own(
    registerCommands(
      {
        startSession: (argument) => sessions.startSession(argument),
        collectOnly: () => sessions.collectOnly(),
        runAgain: (node) => sessions.runAgain(actions.entryOf(node)?.key),
        stopSession: (node) => sessions.stopSession(actions.entryOf(node)?.key),
        revealTerminal: (node) => sessions.revealTerminal(actions.entryOf(node)?.key),
        showRunningSessions: () => sessions.showRunningSessions(),
        openTrace: async (node) => {
          starter.start();
          const entry = actions.entryOf(node) ?? (await actions.pickAny(vscode.l10n.t("Open which trace?")));
          if (entry) await openTraceEditor(entry.key, { preview: !doubleClick.isSecond(entry.key, Date.now()) });
        },
        openTraceFile: (uri) => openTraceFile(uri),
        goToFailingStep: (node) => navigator.go(actions.entryOf(node)),
        goToSource: async () => {
          const panel = registry.active;
          const step = panel && (await selectedSource(panel));
          if (panel && step) await sources.open(step, panel.model.key);
          else void vscode.window.showInformationMessage(vscode.l10n.t("Select a step of a trace first."));
        },
        nextFailure: navigate("nextFailure"),
        previousFailure: navigate("previousFailure"),
        nextFailureIncludingRecovered: navigate("nextFailureIncludingRecovered"),
        previousFailureIncludingRecovered: navigate("previousFailureIncludingRecovered"),
        findInTrace: navigate("search"),
        findNextInTrace: navigate("nextMatch"),
        findPreviousInTrace: navigate("previousMatch"),
        toggleMatchCase: navigate("toggleMatchCase"),
        toggleWholeWord: navigate("toggleWholeWord"),
        toggleRegex: navigate("toggleRegex"),
        toggleConversation: navigate("toggleConversation"),
        toggleAbsoluteTimes: navigate("toggleAbsoluteTimes"),
        showShortcuts: navigate("shortcuts"),
        openAsText: async (node) => {
          const key = await actions.keyFor(node, vscode.l10n.t("Open which trace as text?"));
          if (key) await actions.openAsText(key);
        },
        revealInOs: async (node) => {
          const key = await actions.keyFor(node, vscode.l10n.t("Reveal which trace?"));
          if (key) await actions.revealInOs(key);
        },
        copySessionId: async (node) => {
          const entry = actions.entryOf(node);
          if (entry) await actions.copyId(entry);
        },
        deleteSession: async (node) => {
          const entry =
            actions.entryOf(node) ??
            view.selectedEntry ??
            (await actions.pickAny(vscode.l10n.t("Delete which session?")));
          if (entry) await actions.delete(entry);
        },
        refreshSessions: async () => {
          starter.start();
          await store.refresh();
          view.refresh();
        },
        filterSessions: () => actions.filter(),
        clearFilter: () => {
          view.filter = "";
        },
        sortSessions: () => actions.sort(),
        markAllSeen: async () => {
          await seen.markAllSeen(Date.now());
          view.refresh();
        },
        addDirectory: () => addDirectory(starter.directories),
        recoverSessions: () => recovery.recoverNow(),
        startCollector: () => collector.start(),
        stopCollector: () => collector.stop(),
        showCollector: () => collector.show(),
        copyCollectorEnvironment: () => collector.copyEnvironment(),
        newPlaybook: (folder) => newPlaybook(folder),
        runPlaybook: (uri) => sessions.runPlaybook(filePath(uri)),
        resumePlaybook: (from, key) =>
          sessions.resumePlaybook({
            path: filePath(from),
            key: typeof key === "string" ? key : actions.entryOf(from)?.key,
          }),
        triggerBatch: (uri) => sessions.triggerBatch(filePath(uri)),
        ...batches.commands,
        forgetSecret: async () => {
          const { forgetSecret } = await import("./host/playbook/run/forgetSecret");
          await forgetSecret(secrets);
        },
        followSession: async (node) => {
          starter.start();
          const { followSession } = await import("./host/follow/followSession");
          await followSession(actions.entryOf(node)?.key ?? registry.active?.model.key, store);
        },
        connectAgent: () =>
          vscode.commands.executeCommand("workbench.action.openWalkthrough", `${context.extension.id}#connect`, false),
        openSettings: () =>
          vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`),
        showLog: () => logger.show(),
      },
      logger,
    ),
  );
  logger.debug(`Registered the editors ${Object.values(editorIds).join(", ")}`);
}

export function deactivate(): void {}

/** Where files may be read; undefined for everywhere. */
function trustedFolders(): readonly string[] | undefined {
  return vscode.workspace.isTrusted ? undefined : fileFolders().map(({ path }) => path);
}
