// Sessions and their programs are killed at random instants. What a session has shown, what a program has written before
// its own death, and every span whose receipt was confirmed is in the trace afterwards, and the trace says who was killed.
import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import { readClaim } from "../../src/session/launch";
import { pick, type Random, seeded } from "../faults/random";
import { type Folder, isThere, makeFolder, nodeLine, until } from "./runs";

let folder: Folder;

beforeAll(async () => {
  folder = await makeFolder();
}, 300_000);

afterAll(() => folder[Symbol.asyncDispose]());

/**
 * Writes numbered lines in bursts and sends spans. What it has written and what was confirmed it notes in a file, each
 * note in the file before it goes on.
 */
const script = `
  const fs = require("node:fs");
  const [notes, seedText] = process.argv.slice(1);
  const fd = fs.openSync(notes, "a");
  const note = (text) => fs.writeSync(fd, text + "\\n");
  let state = Number(seedText);
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  const { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: headers, TRACEPARENT: parent } = process.env;
  const [, traceId, parentSpanId] = parent.split("-");
  const authorization = decodeURIComponent(headers.slice(headers.indexOf("=") + 1));
  async function send(number) {
    const spanId = number.toString(16).padStart(16, "0");
    const span = { traceId, spanId, parentSpanId, name: "step " + number, startTimeUnixNano: "1795000000000000000", endTimeUnixNano: "1795000001000000000" };
    const answer = await fetch(url + "/v1/traces", {
      method: "POST", headers: { "content-type": "application/json", authorization },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
    });
    if (answer.status === 200) note("span " + spanId);
    else note("refused " + answer.status + await answer.text());
  }
  let line = 0;
  async function main() {
    for (let round = 1; round <= 12; round++) {
      for (let count = Math.ceil(random() * 6); count > 0; count--) {
        const bytes = Buffer.from("line " + ++line + " " + "ä".repeat(Math.floor(random() ** 4 * 3000)) + "\\n");
        for (let at = 0; at < bytes.length; ) {
          try { at += fs.writeSync(1, bytes, at); } catch (error) { if (error.code !== "EAGAIN") process.exit(1); }
        }
        note("line " + line);
      }
      if (random() < 0.5) await send(1000 + round).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, random() * 12));
    }
    note("done");
  }
  process.on("SIGHUP", () => process.exit(1));
  main();`;

const victims = ["session", "program", "group"] as const;
type Victim = (typeof victims)[number];

interface Round {
  readonly number: number;
  readonly random: Random;
  readonly victim: Victim;
  readonly capture: "pipes" | "terminal";
  /** Counts what was seen. */
  readonly tally: Record<"kills" | "lines" | "spans" | "crashed" | "ended" | "nothing", number>;
}

async function play({ number, random, victim, capture, tally }: Round): Promise<void> {
  const notesPath = folder.dir.join(`notes-${number}`);
  const line = `exec ${nodeLine(script)} ${notesPath} ${Math.floor(random() * 2 ** 31)}`;
  const changes = {
    line,
    directory: folder.dir.join(`traces-${number}`),
    fsync: pick<"interval" | "never">(random, ["interval", "never"]),
  };
  const run = await start(capture, changes);
  // While it starts, while it runs, and at about its end.
  const phase = random();
  const afterLine = phase < 0.2 ? 0 : phase < 0.8 ? 1 + Math.floor(random() * 20) : 35;
  const notes = async () => await readFile(notesPath, "utf8").catch(() => "");
  if (afterLine > 0) {
    await until(async () => {
      const text = await notes();
      return text.includes(`line ${afterLine}\n`) || text.includes("done") || run.isOver() || undefined;
    }, "the program has come so far");
  }
  await new Promise((resolve) => setTimeout(resolve, random() * (phase < 0.2 ? 120 : 25)));
  const claim = await readClaim(run.launchPath);
  const target = victim === "session" ? run.pid : claim?.childPid;
  if (target !== undefined && !run.isOver()) {
    try {
      process.kill(victim === "group" ? -groupOf(capture, run.pid, target) : target, "SIGKILL");
      tally.kills++;
    } catch {
      // It ended just now.
    }
  }
  await run.ended;
  // Without its session the program finds its output closed.
  if (claim?.childPid !== undefined)
    await until(() => !isThere(claim.childPid ?? 0) || undefined, "the program is gone");
  await check({ number, random, victim, capture, tally }, run, await notes());
}

/** With pipes the program is in the session's group, and they die together. */
function groupOf(capture: Round["capture"], session: number, program: number): number {
  return capture === "pipes" ? session : program;
}

async function check({ number, tally, victim, capture }: Round, run: Started, notes: string): Promise<void> {
  const what = `round ${number}, ${victim} of a run with ${capture}`;
  const directory = folder.dir.join(`traces-${number}`);
  const path = `${directory}/${run.launch.id}.json`;
  const before = await folder.recorded({ ...run.launch, directory }).catch(() => undefined);
  await recoverDirectory(directory).catch(() => undefined);
  const after = await folder.recorded({ ...run.launch, directory }).catch(() => undefined);
  const shown = run.shown();
  if (before === undefined || after === undefined) {
    expect({ what, path, shown, notes }).toEqual({ what, path, shown: "", notes: "" });
    tally.nothing++;
    return;
  }
  for (const { output, state, trace, command } of [before, after]) {
    // Nothing was shown that is not recorded.
    expect(output().startsWith(shown), `${what}: ${shown.length} shown, ${output().length} recorded`).toBe(true);
    const ids = new Set(trace.spans.map(({ spanId }) => spanId));
    const confirmed = [...notes.matchAll(/^span (.*)$/gm)].map(([, id]) => id ?? "");
    expect(
      confirmed.filter((id) => !ids.has(id)),
      what,
    ).toEqual([]);
    // What the program wrote before it was killed is still in the pipe when it is dead.
    const isSessionDead = victim === "session" || (victim === "group" && capture === "pipes");
    const lastLine = [...notes.matchAll(/^line (\d+)$/gm)].at(-1)?.[1];
    if (!isSessionDead && lastLine !== undefined) expect(output(), what).toMatch(new RegExp(`^line ${lastLine} `, "m"));
    if (isSessionDead) expect(["crashed", "completed"], what).toContain(state.status);
    else if (state.status === "failed") expect(state.error, what).toBe("killed by SIGKILL");
    else expect(state.status, what).toBe("completed");
    if (state.status === "completed") expect(command.attributes, what).toMatchObject({ exitCode: 0 });
  }
  expect(after.output(), what).toBe(before.output());
  tally[after.state.status === "crashed" ? "crashed" : "ended"]++;
  expect(notes, what).not.toContain("refused");
  tally.lines += shown.split("\n").length;
  tally.spans += [...notes.matchAll(/^span /gm)].length;
}

interface Started {
  readonly launch: Awaited<ReturnType<Folder["launch"]>>["launch"];
  readonly launchPath: string;
  readonly pid: number;
  shown(): string;
  isOver(): boolean;
  readonly ended: Promise<unknown>;
}

async function start(capture: Round["capture"], changes: Parameters<Folder["start"]>[0]): Promise<Started> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  if (capture === "pipes") {
    const run = await folder.start(changes, { ownGroup: true });
    const ended = run.ended.then(over);
    // The end of what is shown may be half a character.
    const shown = () => new TextDecoder().decode(run.stdout(), { stream: true });
    return { ...run, pid: run.child.pid ?? 0, shown, isOver: () => isOver, ended };
  }
  const run = await folder.startInTerminal(changes);
  const shown = () => {
    const screen = run.screen().replace(/\ufffd$/, "");
    const lastWords = screen.indexOf("\u001b[2mtracekeeper: ");
    return lastWords < 0 ? screen : screen.slice(0, lastWords).replace(/\r\n$/, "");
  };
  return { ...run, shown, isOver: () => isOver, ended: run.ended.then(over) };
}

test("after more than 60 kills everything shown, written and confirmed is there, and the truth about the end", async () => {
  const seed = Number(process.env["TRACEKEEPER_KILL_SEED"] ?? randomInt(2 ** 31));
  process.stdout.write(`\nTRACEKEEPER_KILL_SEED=${seed}\n`);
  const tally = { kills: 0, lines: 0, spans: 0, crashed: 0, ended: 0, nothing: 0 };
  let rounds = 0;
  const work = async () => {
    while (tally.kills < 70) {
      const number = ++rounds;
      const random = seeded(seed + number);
      const victim = victims[number % victims.length] ?? "session";
      await play({ number, random, victim, capture: number % 2 === 0 ? "pipes" : "terminal", tally });
    }
  };
  await Promise.all([work(), work()]);
  process.stdout.write(`${JSON.stringify(tally)}\n`);
  expect(tally.crashed).toBeGreaterThan(10);
  expect(tally.lines).toBeGreaterThan(100);
  expect(tally.spans).toBeGreaterThan(10);
}, 600_000);
