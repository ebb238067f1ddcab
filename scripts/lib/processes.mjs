// Child processes of the scripts: output passed on, one clear error when one fails, and no child left behind.
import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { pinnedNode, repositoryRoot } from "./paths.mjs";

/** The environment in which `node` and the programs of the packages are the pinned ones. */
export function pinnedEnvironment() {
  const path = [dirname(pinnedNode), join(repositoryRoot, "node_modules/.bin"), process.env.PATH ?? ""];
  return { ...process.env, PATH: path.join(delimiter) };
}

/**
 * Runs a program to its end with our own terminal.
 * @param {string} command
 * @param {readonly string[]} commandArguments
 * @param {import("node:child_process").SpawnOptions} [options]
 * @returns {Promise<number>} its exit code; a death by signal counts as 128 and more, as in a shell
 */
export function runToEnd(command, commandArguments, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...commandArguments], { stdio: "inherit", cwd: repositoryRoot, ...options });
    // Ctrl+C reaches the whole foreground group, so the child gets it by itself; we only must not die before it.
    const ignore = () => {};
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => child.kill(signal);
    process.on("SIGINT", ignore);
    process.on("SIGTERM", forward);
    // npm starts us through a shell that dies of a signal without handing it on; what we see is another parent.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid !== parent) forward("SIGTERM");
    }, 1000);
    const settle = () => {
      clearInterval(watch);
      process.off("SIGINT", ignore);
      process.off("SIGTERM", forward);
    };
    child.once("error", (error) => {
      settle();
      reject(error);
    });
    child.once("close", (code, signal) => {
      settle();
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}

/**
 * Runs a program and keeps its output; rejects with the end of that output when it fails.
 * @param {string} command
 * @param {readonly string[]} commandArguments
 * @param {import("node:child_process").SpawnOptions} [options]
 * @returns {Promise<string>} stdout and stderr in order of arrival
 */
export function runQuietly(command, commandArguments, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...commandArguments], {
      cwd: repositoryRoot,
      ...options,
      stdio: ["ignore", "pipe", "pipe"],
    });
    /** @type {Buffer[]} */
    const output = [];
    child.stdout?.on("data", (chunk) => output.push(chunk));
    child.stderr?.on("data", (chunk) => output.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => {
      const text = Buffer.concat(output).toString("utf8");
      if (code === 0) resolve(text);
      else reject(new Error(`${[command, ...commandArguments].join(" ")} ended with ${code}.\n${text.slice(-4000)}`));
    });
  });
}

/**
 * The npm that started us, or the one on the PATH, to be run with the Node that `environment` finds first.
 * @returns {{ command: string, prefix: readonly string[], shell: boolean }}
 */
export function npmProgram(node = process.execPath) {
  const program = process.env.npm_execpath;
  if (program?.endsWith("npm-cli.js")) return { command: node, prefix: [program], shell: false };
  // On Windows npm is a command script, which only a shell starts.
  return { command: "npm", prefix: [], shell: process.platform === "win32" };
}
