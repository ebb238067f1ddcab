// The directions in which the parts of Tracekeeper may import each other. Type-only imports count like any other: a type
// from above would tie a lower part to a higher one just as well. `test/rules/imports.test.ts` breaks each rule once.

/** What each folder of `src` may import beside itself; a folder that is not named here may import nothing at all. */
const allowed = {
  base: [],
  trace: ["base"],
  protocol: ["base", "trace"],
  recorder: ["base", "trace"],
  store: ["base", "trace", "recorder"],
  importers: ["base", "trace", "recorder"],
  reader: ["base", "trace", "protocol", "recorder", "store", "importers"],
  batch: ["base", "trace", "recorder", "store", "importers"],
  publish: ["base", "trace", "recorder", "store", "importers"],
  session: ["base", "trace", "recorder", "store", "importers", "batch", "publish"],
  collector: ["base", "trace", "recorder", "store", "importers", "batch", "publish", "session"],
  cli: ["base", "trace", "recorder", "store", "importers", "batch", "publish", "session", "collector", "reader"],
  host: [
    "base",
    "trace",
    "protocol",
    "recorder",
    "store",
    "importers",
    "reader",
    "batch",
    "publish",
    "session",
    "collector",
  ],
};

/** Folders that run in the host, a worker, the webview and the command line alike. */
const pure = ["base", "trace", "protocol"];

const folderRules = Object.entries(allowed).map(([folder, others]) => ({
  name: `${folder}-imports-only-${others.length === 0 ? "itself" : "below"}`,
  comment: `src/${folder} may import src/${[folder, ...others].join(", src/")} and nothing else of ours.`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^(src|webview|test|scripts)/", pathNot: `^src/(${[folder, ...others].join("|")})/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...folderRules,
    {
      name: "every-folder-has-a-rule",
      comment: "A new folder of src is entered in the table above before it imports anything.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: `^src/(${Object.keys(allowed).join("|")})/` },
      to: {},
    },
    {
      name: "webview-imports-only-pure-code",
      comment: "The panel knows the messages and what a trace is, never the host.",
      severity: "error",
      from: { path: "^webview/" },
      to: { path: "^(src|test|scripts)/", pathNot: `^src/(${pure.join("|")})/` },
    },
    {
      name: "webview-imports-no-node-builtin",
      comment: "The panel is plain web code.",
      severity: "error",
      from: { path: "^webview/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "pure-imports-no-node-builtin",
      comment: "Pure code gets bytes, time and ids handed in.",
      severity: "error",
      from: { path: `^src/(${pure.join("|")})/` },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "base-and-trace-import-no-package-but-zod",
      comment: "What a trace is depends on nothing but the schema library.",
      severity: "error",
      from: { path: `^src/(${pure.join("|")})/` },
      to: { path: "node_modules/", pathNot: "node_modules/zod/" },
    },
    {
      name: "vscode-only-in-host",
      comment: "Only src/host and src/extension.ts know that there is a VS Code.",
      severity: "error",
      from: { path: "^(src|webview)/", pathNot: "^src/(host/|extension\\.ts$)" },
      to: { path: "(^|/)(@types/)?vscode(/|$)" },
    },
    {
      name: "nobody-imports-an-entry",
      comment: "extension.ts and cli.ts put the parts together; no part knows them.",
      severity: "error",
      from: { path: "^(src|webview)/" },
      to: { path: "^src/(extension|cli)\\.ts$" },
    },
    {
      name: "command-line-knows-no-vscode-part",
      comment: "The command line runs without VS Code.",
      severity: "error",
      from: { path: "^src/cli\\.ts$" },
      to: { path: "^(src/host/|webview/|test/)" },
    },
    {
      name: "product-imports-no-test",
      comment: "No product code knows that it is tested.",
      severity: "error",
      from: { path: "^(src|webview)/" },
      to: { path: "^(test|scripts)/" },
    },
    {
      name: "no-circle",
      comment: "Parts that need each other are one part, or hide a third.",
      severity: "error",
      from: { path: "^(src|webview|test)/" },
      to: { circular: true },
    },
    {
      name: "resolves",
      comment: "An import that leads nowhere is a mistake.",
      severity: "error",
      from: { path: "^(src|webview)/" },
      to: { couldNotResolve: true, pathNot: "^vscode$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^test/fixtures/" },
    tsPreCompilationDeps: true,
    parser: "tsc",
    moduleSystems: ["es6", "cjs"],
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".d.ts", ".mjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
    skipAnalysisNotInRules: true,
  },
};
