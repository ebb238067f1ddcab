import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Machine,
  makeProbeLiveness,
  type ProcessFacts,
  parseProcStat,
  probeLiveness,
  thisMachine,
} from "../../src/recorder/liveness";
import type { WriterIdentity } from "../../src/trace/evidence";
import { until } from "../store/support";

const present = (start: string | undefined, isZombie = false): ProcessFacts => ({ type: "present", isZombie, start });

function machine(facts: ProcessFacts, parts: Partial<Machine> = {}): Machine {
  return { host: "lab", bootId: "boot-1", pidNamespace: "pid:[1]", process: () => facts, ...parts };
}

const writer: WriterIdentity = {
  instance: "i",
  host: "lab",
  bootId: "boot-1",
  pidNamespace: "pid:[1]",
  pid: 4711,
  processStart: "100",
};

const macOs = { bootId: undefined, pidNamespace: undefined };

describe("whether a writer lives", () => {
  it.each<[string, string, WriterIdentity, Machine]>([
    ["the same process", "alive", writer, machine(present("100"))],
    ["a process of which no start is known", "alive", writer, machine(present(undefined))],
    ["no such process", "gone", writer, machine({ type: "absent" })],
    ["a zombie", "gone", writer, machine(present("100", true))],
    ["another process with its pid", "gone", writer, machine(present("200"))],
    ["a system that does not tell", "unknown", writer, machine({ type: "unknown" })],
    ["the same host after a boot", "gone", writer, machine({ type: "absent" }, { bootId: "boot-2" })],
    ["the same host after a boot, its pid in use", "gone", writer, machine(present("100"), { bootId: "boot-2" })],
    ["another host", "unknown", writer, machine({ type: "absent" }, { host: "other" })],
    [
      "another host of the same name, so common that it proves nothing",
      "unknown",
      { ...writer, host: "localhost" },
      machine({ type: "absent" }, { host: "localhost", bootId: "boot-2" }),
    ],
    ["another container", "unknown", writer, machine({ type: "absent" }, { pidNamespace: "pid:[2]" })],
    [
      "another container, rebooted",
      "unknown",
      writer,
      machine({ type: "absent" }, { pidNamespace: "pid:[2]", bootId: "boot-2" }),
    ],
    ["WSL, seen from Windows", "unknown", writer, machine({ type: "absent" }, macOs)],
    ["Windows, seen from WSL", "unknown", { ...writer, ...macOs }, machine({ type: "absent" })],
    ["macOS, no such process", "gone", { ...writer, ...macOs }, machine({ type: "absent" }, macOs)],
    ["macOS, a process", "alive", { ...writer, ...macOs }, machine(present(undefined), macOs)],
    ["a writer that names no pid", "unknown", { ...writer, pid: undefined }, machine({ type: "absent" })],
    ["a pid that means a group", "unknown", { ...writer, pid: -1 }, machine({ type: "absent" })],
    ["a writer that names nothing", "unknown", { instance: "" }, machine({ type: "absent" })],
  ])("%s is %s", (_, expected, identity, onMachine) => {
    expect(probeLiveness(identity, onMachine)).toBe(expected);
  });

  it("reads the line of a process whose name holds spaces and parentheses", () => {
    const rest = "1 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2";
    expect(parseProcStat(`42 (a) b (c) S ${rest}`)).toEqual(present("987654"));
    expect(parseProcStat(`42 (a Z) Z ${rest}`)).toEqual(present("987654", true));
    expect(parseProcStat("42 (a")).toBeUndefined();
    expect(parseProcStat("42 (a) S 1 2")).toBeUndefined();
  });
});

describe("processes of this machine", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  function start(command: string, ...args: string[]): ChildProcess {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
    children.push(child);
    return child;
  }

  function identityOf(pid: number | undefined): WriterIdentity {
    const { host, bootId, pidNamespace, process: look } = thisMachine();
    const facts = look(pid ?? 0);
    return {
      instance: "i",
      host,
      bootId,
      pidNamespace,
      pid,
      processStart: facts.type === "present" ? facts.start : undefined,
    };
  }

  it("knows its own process, one that ended, and one of another user", async () => {
    const probe = makeProbeLiveness();
    expect(probe(identityOf(process.pid))).toBe("alive");
    expect(probe(identityOf(1))).toBe("alive");
    const child = start(process.execPath, "-e", "setInterval(() => {}, 1000)");
    await once(child, "spawn");
    const identity = identityOf(child.pid);
    expect(probe(identity)).toBe("alive");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(probe(identity)).toBe("gone");
  });

  it("takes a process that ended and was not waited for as gone", async () => {
    // The shell becomes a program that never waits for the child which it had started.
    const parent = start("sh", "-c", "sleep 0.2 & echo $!; exec sleep 60");
    const [line] = (await once(parent.stdout ?? parent, "data")) as [Buffer];
    const identity = identityOf(Number(line.toString().trim()));
    const probe = makeProbeLiveness();
    await until(() => probe(identity) === "gone", [], "the zombie counts as gone");
    const state = await readFile(`/proc/${identity.pid}/stat`, "latin1").catch(() => "");
    if (process.platform === "linux") expect(parseProcStat(state)).toMatchObject({ isZombie: true });
  });
});
