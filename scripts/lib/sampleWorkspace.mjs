// The workspace that `npm start`, the workbench tests and the screenshots open: a small program and the traces of an
// agent that worked on it.
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "./paths.mjs";

const fixtures = join(repositoryRoot, "test/fixtures");

/**
 * Makes the folder anew.
 * @param {string} folder
 * @param {{ traces?: boolean }} [options] `traces: false` leaves the program alone
 * @returns {Promise<string>} the folder
 */
export async function createSampleWorkspace(folder, { traces = true } = {}) {
  await rm(folder, { recursive: true, force: true });
  await cp(join(fixtures, "sampleWorkspace"), folder, { recursive: true });
  if (!traces) return folder;
  const traceFolder = join(folder, ".tracekeeper/traces");
  await mkdir(traceFolder, { recursive: true });
  await writeFile(join(folder, ".tracekeeper/.gitignore"), "*\n");
  for (const file of await readdir(join(fixtures, "trace-v2"))) {
    if (file.startsWith("ses_")) await cp(join(fixtures, "trace-v2", file), join(traceFolder, file));
  }
  return folder;
}
