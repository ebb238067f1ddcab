// The session's process is killed at the moment in which a client has its answer: what was answered is there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { expect, test } from "vitest";
import { pinnedNode, repositoryRoot } from "../../scripts/lib/paths.mjs";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import { loadSession } from "../../src/store/loadSession";
import { deriveState } from "../../src/trace/state";
import { hexId, sentRequest, sentSpan } from "../importers/otlpPayload";
import { makeTempDir } from "../support/tempDir";
import { postGzip } from "./otlpClient";
import { namesBelowCommand, receivedSpans } from "./otlpSession";

const rounds = 8;

test("a kill right after the answer loses no span that was answered", async () => {
  await using folder = await makeTempDir();
  const program = folder.join("child.mjs");
  await esbuild.build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["test/session/otlpKillChild.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  for (let round = 0; round < rounds; round++) {
    const directory = folder.join(`traces-${round}`);
    const child = spawn(pinnedNode, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const port = Number(line.toString());
    // The parent of all comes last, and in the even rounds it is never answered.
    const requests = Array.from({ length: 1 + round * 3 }, (_, index) =>
      sentRequest(
        Array.from({ length: 1 + round * 20 }, (_, at) =>
          sentSpan({ id: hexId(10_000 * (index + 1) + at), parent: hexId(1), name: `step ${index}` }),
        ),
      ),
    );
    if (round % 2 === 1) requests.push(sentRequest([sentSpan({ id: hexId(1), name: "agent" })]));
    let answered = 0;
    for (const request of requests) {
      expect((await postGzip(port, request)).status).toBe(200);
      answered += JSON.stringify(request).split('"spanId"').length - 1;
    }
    child.kill("SIGKILL");
    expect((await exited)[1]).toBe("SIGKILL");

    await recoverDirectory(directory);
    const { trace, problems, evidence } = await loadSession(join(directory, "s.json"), () => "gone");
    expect(problems).toEqual([]);
    expect(deriveState(evidence, Date.now()).status).toBe("crashed");
    const spans = receivedSpans(trace);
    expect(spans).toHaveLength(answered);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(answered);
    expect(namesBelowCommand(trace)[0]).toBe(round % 2 === 1 ? "agent" : "step 0");
  }
}, 120_000);
