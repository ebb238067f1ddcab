// The entry of the extension-host suite: every `suite/**/*.test.ts`, found by glob when it is bundled, run by Mocha.
// The same bundle runs in the VS Code server (`npm test`) and in desktop VS Code (`npm run test:electron`).
import Mocha from "mocha";
import { reportTo } from "./report";

/** Resolves when every test passed; rejects with the count of failures otherwise, as VS Code expects of a test runner. */
export async function run(): Promise<void> {
  // Stack traces name the test's source, not its bundle.
  process.setSourceMapsEnabled(true);
  const mocha = new Mocha({ ui: "bdd", timeout: 120_000, color: false, reporter: "spec", forbidOnly: true });
  const grep = process.env["TRACEKEEPER_TEST_GREP"];
  if (grep !== undefined && grep !== "") mocha.grep(grep);
  // `describe` and `it` belong to the Mocha instance that is being filled, so they are set before a suite is loaded.
  mocha.suite.emit("pre-require", globalThis, "suite:all", mocha);
  await import("suite:all");
  const failures = await new Promise<number>((resolve) => {
    reportTo(mocha.run(resolve));
  });
  if (failures > 0) throw new Error(`${failures} test(s) failed.`);
}
