import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { afterEach, describe, it } from "mocha";
import * as vscode from "vscode";
import { silentLogger } from "../../../src/base/logger";
import { SessionRecovery } from "../../../src/host/sessionRecovery";
import { thisMachine } from "../../../src/recorder/liveness";
import { encodeRecord } from "../../../src/trace/journalFrame";
import { encodeLiveMarker } from "../../../src/trace/marker";
import { hearMessages, traceFolder, until } from "./support";

const extension = vscode.extensions.getExtension("tracekeeper.tracekeeper");
const file = (name: string) => path.join(traceFolder, name);

/** A session whose process has ended without a word. */
async function leaveKilled(sessionId: string): Promise<void> {
  const { host, bootId, pidNamespace } = thisMachine();
  const { pid } = spawnSync(process.execPath, ["-e", "0"], { env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" } });
  const writer = { instance: "dead0000", host, bootId, pidNamespace, pid, rawSessionId: sessionId };
  const stamp = (seq: number) => ({ seq, wallMs: Date.now(), monoMs: seq, tag: "dead" });
  const trace = { traceId: "t", sessionId, metadata: { title: sessionId } };
  const lines = [
    encodeRecord({ t: "header", format: "tracekeeper-journal", version: 1, incarnation: 1, writer, trace }, stamp(0)),
    encodeRecord({ t: "begin", span: { spanId: "r", parentSpanId: null, name: sessionId, kind: "session" } }, stamp(1)),
    encodeRecord({ t: "begin", span: { spanId: "a", parentSpanId: "r", name: "bash", kind: "tool" } }, stamp(2)),
  ];
  await writeFile(file(`${sessionId}.live`), encodeLiveMarker({ ...writer, incarnation: 1 }));
  await writeFile(file(`${sessionId}.1.journal.ndjson`), Buffer.concat(lines));
}

async function statusOf(sessionId: string): Promise<unknown> {
  return JSON.parse(await readFile(file(`${sessionId}.json`), "utf8")).summary.status;
}

describe("recovery", () => {
  afterEach(async () => {
    for (const id of ["ses_killed_by_hand", "ses_killed_before"]) {
      for (const ending of [".json", ".crash", ".live", ".1.journal.ndjson"])
        await rm(file(id + ending), { force: true });
    }
  });

  it("brings a killed session to its end on command, and says so", async () => {
    await leaveKilled("ses_killed_by_hand");
    const told = hearMessages();
    try {
      await vscode.commands.executeCommand("tracekeeper.recoverSessions");
    } finally {
      told.restore();
    }
    assert.deepEqual(told.messages, ["info Recovered 1 session."]);
    assert.equal(await statusOf("ses_killed_by_hand"), "crashed");
    assert.ok(existsSync(file("ses_killed_by_hand.crash")));
    assert.ok(!existsSync(file("ses_killed_by_hand.1.journal.ndjson")));
  });

  it("does so by itself once the sessions are listed", async () => {
    await leaveKilled("ses_killed_before");
    const recovery = new SessionRecovery({
      logger: silentLogger,
      program: path.join(extension?.extensionPath ?? "", "dist", "cli.js"),
      directories: () => [traceFolder],
      ready: Promise.resolve(),
    });
    try {
      await until("the journal is folded", () => !existsSync(file("ses_killed_before.1.journal.ndjson")));
      assert.equal(await statusOf("ses_killed_before"), "crashed");
    } finally {
      recovery.dispose();
    }
  });
});
