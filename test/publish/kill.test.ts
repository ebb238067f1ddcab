// A process that publishes is killed between two requests, each time between two others; the next process finishes the job.

import { spawn } from "node:child_process";
import { once } from "node:events";
import * as esbuild from "esbuild";
import { expect, test } from "vitest";
import { pinnedNode, repositoryRoot } from "../../scripts/lib/paths.mjs";
import { makeTempDir } from "../support/tempDir";
import { startFailingServer } from "./failingServer";
import { outboxOf, resume } from "./outboxSetup";
import { SteppingClock } from "./publishClock";

test("kill -9 between any two requests leaves a publication that is finished with nothing sent twice", async () => {
  await using folder = await makeTempDir();
  const program = folder.join("child.mjs");
  await esbuild.build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["test/publish/killChild.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  const whole = ["T initialise", "T events", "T events", "T finalise"];
  const rounds = [1, 2, 3].map(async (answered) => {
    await using server = await startFailingServer();
    const directory = folder.join(`outbox-${answered}`);
    // The request after the answered ones has come and is not answered: all before it is on record.
    server.faultOf = () => (server.asked.length < answered ? undefined : "no answer");
    const child = spawn(pinnedNode, [program, directory, server.url], { stdio: "inherit" });
    server.onSilence = () => void child.kill("SIGKILL");
    expect((await once(child, "exit"))[1]).toBe("SIGKILL");
    expect(server.asked).toEqual(whole.slice(0, answered + 1));
    server.faultOf = () => undefined;
    const place = { directory, url: server.url, clock: new SteppingClock() };
    const outbox = outboxOf(place, "second");
    const { jobs } = await resume(place, outbox);
    expect(jobs).toMatchObject([{ end: { type: "published", id: "server-0b5c7a52-6d0e-4f4e" } }]);
    expect(server.asked.slice(answered + 1)).toEqual(whole.slice(answered));
    expect((await resume(place, outbox)).jobs).toEqual([]);
  });
  await Promise.all(rounds);
});
