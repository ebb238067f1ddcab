// Three suites: `unit` runs in Node, `browser` drives the built panel in headless Chromium, and `workbench` drives the
// packaged extension in a real VS Code. `npm test` runs them all, together with the checks that are no vitest suite.
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: resolve(import.meta.dirname, ".."),
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    // How long a test waits for what it expects to come, and (below) how long it may take: nets for what hangs, not
    // limits on time. The machine may be busy.
    expect: { poll: { timeout: 60_000 } },
    // Every core: most of these tests wait for disks, processes and pages half of the time.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
          exclude: ["test/browser/**", "test/vscode/**", "test/fixtures/**"],
          environment: "node",
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/support/buildWebview.ts"],
          environment: "node",
          // A page draws, and the test looks at it: two pages at a time would take turns.
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        extends: true,
        test: {
          name: "workbench",
          include: ["test/vscode/workbench/**/*.test.ts"],
          globalSetup: ["test/support/packageExtension.ts"],
          environment: "node",
          // Two at a time: each waits half of the time for windows, terminals and programs that begin.
          maxWorkers: 2,
          testTimeout: 240_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
