// How a recorded process ends, seen from outside: what its parent sees is as without a recorder, and the session says why.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";
import { loadSession } from "../../src/store/loadSession";
import { deriveState } from "../../src/trace/state";
import { makeTempDir, type TempDir } from "../support/tempDir";

let bundle: TempDir;

beforeAll(async () => {
  bundle = await makeTempDir();
  await build({
    entryPoints: [`${repositoryRoot}/src/recorder/index.ts`],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: bundle.join("recorder.js"),
    logLevel: "error",
  });
});

afterAll(() => bundle.remove());

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly trace: Awaited<ReturnType<typeof loadSession>>["trace"];
  readonly state: ReturnType<typeof deriveState>;
}

/** Runs `script` after a trace with process handlers has begun; `READY` on stdout is answered with `signal`. */
async function run(script: string, signal?: NodeJS.Signals): Promise<Ended> {
  await using folder = await makeTempDir();
  const program = await folder.write(
    "program.cjs",
    `const { Trace, FileExporter } = require(${JSON.stringify(bundle.join("recorder.js"))});
     const trace = Trace.withExporters([new FileExporter(${JSON.stringify(folder.join("traces"))}, 0)]);
     trace.startTrace("s", { title: "t" });
     const remove = trace.handleProcessEnd();
     trace.startToolCall({ tool: "bash", callID: "c1", input: { command: "sleep" } });
     const stay = () => { setInterval(() => {}, 1000); console.log("READY"); };
     ${script}`,
  );
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "pipe"] });
  const stderr = text(child, "stderr");
  child.stdout?.on("data", (data: Buffer) => {
    if (signal !== undefined && data.includes("READY")) child.kill(signal);
  });
  const [code, by] = (await once(child, "close")) as [number | null, string | null];
  const loaded = await loadSession(folder.join("traces", "s.json"), () => "gone");
  return { code, signal: by, stderr: stderr(), trace: loaded.trace, state: deriveState(loaded.evidence, Date.now()) };
}

function text(child: ChildProcess, stream: "stderr"): () => string {
  let all = "";
  child[stream]?.on("data", (data: Buffer) => {
    all += data;
  });
  return () => all;
}

const rootEvents = ({ trace }: Ended) => trace.spans[0]?.events?.map(({ name }) => name) ?? [];

describe("a signal", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s ends the process as it does by default, and is named",
    async (signal) => {
      const ended = await run("stay();", signal);
      expect(ended).toMatchObject({ code: null, signal });
      expect(ended.state).toMatchObject({ status: "crashed", error: `The process was ended by ${signal}` });
      expect(ended.trace.spans.find(({ name }) => name === "bash")).not.toHaveProperty("endTime");
    },
  );

  it("is left to the program's own handler, which may end the session well", async () => {
    const ended = await run(
      `process.on("SIGTERM", async () => { await trace.endTrace(); process.exit(7); }); stay();`,
      "SIGTERM",
    );
    expect(ended).toMatchObject({ code: 7, signal: null });
    expect(ended.state.status).toBe("completed");
    expect(rootEvents(ended)).toContain("tracekeeper.signal");
  });

  it("is raised again by a handler that looks whether it is alone", async () => {
    const ended = await run(
      `const alone = () => { if (process.listeners("SIGTERM").length === 1) { process.removeListener("SIGTERM", alone); process.kill(process.pid, "SIGTERM"); } };
       process.on("SIGTERM", alone); stay();`,
      "SIGTERM",
    );
    expect(ended).toMatchObject({ code: null, signal: "SIGTERM" });
    expect(ended.state.status).toBe("crashed");
  });
});

describe("an exception", () => {
  it("that nobody catches keeps Node's message and exit code, and is the reason", async () => {
    const ended = await run(`setTimeout(() => { throw new TypeError("no such thing"); }, 0);`);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("TypeError: no such thing");
    expect(ended.state).toMatchObject({ status: "crashed", error: "Uncaught exception: TypeError: no such thing" });
  });

  it("of a promise is as fatal as without handlers", async () => {
    const ended = await run(`Promise.reject(new Error("forgotten")); stay();`);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("forgotten");
    expect(ended.state).toMatchObject({ status: "crashed", error: "Unhandled rejection: Error: forgotten" });
  });

  it("that the program survives is an event, and no crash", async () => {
    const ended = await run(
      `process.on("uncaughtException", async () => { await trace.endTrace(); process.exit(0); });
       setTimeout(() => { throw new Error("survived"); }, 0);`,
    );
    expect(ended.code).toBe(0);
    expect(ended.state.status).toBe("completed");
    expect(rootEvents(ended)).toContain("exception");
  });
});

describe("an exit", () => {
  it("before the end of the trace is a crash that names the exit code", async () => {
    const ended = await run("process.exitCode = 3;");
    expect(ended.code).toBe(3);
    expect(ended.state).toMatchObject({
      status: "crashed",
      error: "Process exited before trace completed (exit code 3)",
    });
  });

  it("after the end is none, and the handlers are gone", async () => {
    const ended = await run(
      `trace.endTrace().then(() => {
         const left = ["SIGINT", "SIGTERM", "SIGHUP", "uncaughtExceptionMonitor", "beforeExit"].map((event) => process.listenerCount(event));
         process.exitCode = left.every((count) => count === 0) ? 0 : 9;
       });`,
    );
    expect(ended.code).toBe(0);
    expect(ended.state.status).toBe("completed");
  });

  it("is nobody's business once the handlers are removed", async () => {
    const ended = await run("remove(); remove(); process.exit(5);");
    expect(ended.code).toBe(5);
    expect(ended.state.status).toBe("crashed");
    expect(ended.state.error).toBeUndefined();
  });
});
