// What Vitest's JSON reporter writes, and what of it failed.
import { relative } from "node:path";
import { repositoryRoot } from "./paths.mjs";

/**
 * @typedef {{ status: string, fullName: string, failureMessages?: readonly string[] | null }} TestResult
 * @typedef {{ name: string, status: string, message?: string, assertionResults: readonly TestResult[] }} FileResult
 * @typedef {{ numPassedTests: number, numPendingTests: number, numTodoTests: number, testResults: readonly FileResult[] }} TestReport
 */

/**
 * @param {TestReport} report
 * @returns {string[]} for each failed test its file, its name, and its message. A file that fails with no failed test
 *     (it did not load, or a hook of it failed) stands for itself.
 */
export function failuresIn(report) {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(repositoryRoot, name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0) return status === "failed" ? [`${file}\n${message ?? ""}`] : [];
    return failed.map((test) => `${file} > ${test.fullName}\n${(test.failureMessages ?? []).join("\n")}`);
  });
}
