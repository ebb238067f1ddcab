// Every id that the manifest and the code share, once. A test compares this table with `package.json`, both ways.

export const commandIds = {
  startSession: "tracekeeper.startSession",
  collectOnly: "tracekeeper.collectOnly",
  runAgain: "tracekeeper.runAgain",
  stopSession: "tracekeeper.stopSession",
  revealTerminal: "tracekeeper.revealTerminal",
  showRunningSessions: "tracekeeper.showRunningSessions",
  openTrace: "tracekeeper.openTrace",
  openTraceFile: "tracekeeper.openTraceFile",
  goToFailingStep: "tracekeeper.goToFailingStep",
  goToSource: "tracekeeper.goToSource",
  nextFailure: "tracekeeper.nextFailure",
  previousFailure: "tracekeeper.previousFailure",
  nextFailureIncludingRecovered: "tracekeeper.nextFailureIncludingRecovered",
  previousFailureIncludingRecovered: "tracekeeper.previousFailureIncludingRecovered",
  findInTrace: "tracekeeper.findInTrace",
  findNextInTrace: "tracekeeper.findNextInTrace",
  findPreviousInTrace: "tracekeeper.findPreviousInTrace",
  toggleMatchCase: "tracekeeper.toggleMatchCase",
  toggleWholeWord: "tracekeeper.toggleWholeWord",
  toggleRegex: "tracekeeper.toggleRegex",
  toggleConversation: "tracekeeper.toggleConversation",
  toggleAbsoluteTimes: "tracekeeper.toggleAbsoluteTimes",
  showShortcuts: "tracekeeper.showShortcuts",
  openAsText: "tracekeeper.openAsText",
  revealInOs: "tracekeeper.revealInOs",
  copySessionId: "tracekeeper.copySessionId",
  deleteSession: "tracekeeper.deleteSession",
  refreshSessions: "tracekeeper.refreshSessions",
  filterSessions: "tracekeeper.filterSessions",
  clearFilter: "tracekeeper.clearFilter",
  sortSessions: "tracekeeper.sortSessions",
  markAllSeen: "tracekeeper.markAllSeen",
  addDirectory: "tracekeeper.addDirectory",
  recoverSessions: "tracekeeper.recoverSessions",
  startCollector: "tracekeeper.startCollector",
  stopCollector: "tracekeeper.stopCollector",
  showCollector: "tracekeeper.showCollector",
  copyCollectorEnvironment: "tracekeeper.copyCollectorEnvironment",
  newPlaybook: "tracekeeper.newPlaybook",
  runPlaybook: "tracekeeper.runPlaybook",
  resumePlaybook: "tracekeeper.resumePlaybook",
  forgetSecret: "tracekeeper.forgetSecret",
  triggerBatch: "tracekeeper.triggerBatch",
  openBatch: "tracekeeper.openBatch",
  cancelBatch: "tracekeeper.cancelBatch",
  pauseBatch: "tracekeeper.pauseBatch",
  unpauseBatch: "tracekeeper.unpauseBatch",
  retryFailedRuns: "tracekeeper.retryFailedRuns",
  continueBatch: "tracekeeper.continueBatch",
  revealBatchLog: "tracekeeper.revealBatchLog",
  followSession: "tracekeeper.followSession",
  connectAgent: "tracekeeper.connectAgent",
  openSettings: "tracekeeper.openSettings",
  showLog: "tracekeeper.showLog",
} as const;

export const viewIds = { sessions: "tracekeeper.sessions" } as const;
export const viewContainerIds = { tracekeeper: "tracekeeper" } as const;
export const editorIds = {
  trace: "tracekeeper.trace",
  traceFile: "tracekeeper.traceFile",
  batch: "tracekeeper.batch",
} as const;

export const settingIds = {
  directories: "tracekeeper.directories",
  pathMap: "tracekeeper.pathMap",
  problems: "tracekeeper.problems",
  notifyOnFailure: "tracekeeper.notifyOnFailure",
  pollingIntervalMs: "tracekeeper.pollingIntervalMs",
  retentionDays: "tracekeeper.retentionDays",
  retentionMegabytes: "tracekeeper.retentionMegabytes",
  runners: "tracekeeper.runners",
  openOnStart: "tracekeeper.openOnStart",
  capture: "tracekeeper.capture",
  stopPauses: "tracekeeper.stopPauses",
  collectorAutoStart: "tracekeeper.collector.autoStart",
  collectorPort: "tracekeeper.collector.port",
  collectorTerminals: "tracekeeper.collector.terminals",
  batchTasks: "tracekeeper.batch.tasks",
  batchEngine: "tracekeeper.batch.engine",
  batchTriggerUrl: "tracekeeper.batch.triggerUrl",
  guardrailsConsecutiveErrors: "tracekeeper.guardrails.consecutiveErrors",
  guardrailsWindow: "tracekeeper.guardrails.window",
  guardrailsRepeats: "tracekeeper.guardrails.repeats",
  guardrailsCycle: "tracekeeper.guardrails.cycle",
  guardrailsStuckRevisitGap: "tracekeeper.guardrails.stuckRevisitGap",
  guardrailsFailureCluster: "tracekeeper.guardrails.failureCluster",
  guardrailsBudget: "tracekeeper.guardrails.budget",
  guardrailsStopPrograms: "tracekeeper.guardrails.stopPrograms",
} as const;

export const contextKeys = {
  /** The first index is done, so that "no session" is a fact. */
  indexReady: "tracekeeper.indexReady",
  hasSessions: "tracekeeper.hasSessions",
  hasFailures: "tracekeeper.hasFailures",
  filtered: "tracekeeper.filtered",
  /** Sessions run that were started from this window, or from it before a reload. */
  hasRunning: "tracekeeper.hasRunning",
  /** Something was started here that can be started again. */
  hasLaunches: "tracekeeper.hasLaunches",
  /** The active trace panel has failures to go through. */
  panelHasFailures: "tracekeeper.panelHasFailures",
} as const;

/** Scheme of read-only text documents that hold one payload of a span. */
export const payloadScheme = "tracekeeper-payload";
