// What following a transcript of another program costs: the work for a line that is appended, in a file of so many lines.
// Each turn is a message, and answers that call tools, some of which fail and are done again.

import { appendFileSync, utimesSync } from "node:fs";
import { silentLogger } from "../../src/base/logger";
import { ImportedSource } from "../../src/reader/importedSource";
import { OpenedTrace } from "../../src/reader/openedTrace";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { makeTempDir } from "../support/tempDir";
import { randomFrom } from "../support/traceGenerator";

export interface TranscriptMeasure {
  /** Microseconds of CPU for one line, its share of what is told after each piece included. */
  readonly lineUs: number;
  /** Milliseconds until the slowest of the pieces was told, but for one in a hundred. */
  readonly slowPieceMs: number;
  /** Milliseconds of CPU for reading all that was there before. */
  readonly openMs: number;
}

/** An answer with its call, and the result. */
const pieceLines = 2;
const startMs = 1_795_170_000_000;

/** @param lines that are there when it begins; @param more that are measured */
export async function measureTranscriptTail(lines: number, more: number): Promise<TranscriptMeasure> {
  await using folder = await makeTempDir();
  const path = await folder.write("session.jsonl", "");
  const writer = new TranscriptWriter();
  for (let written = 0; written < lines; written += 1_000) {
    appendFileSync(path, writer.lines(Math.min(1_000, lines - written)));
  }
  const trace = new OpenedTrace({
    source: new ImportedSource({ path, format: "claude-code", access: nodeFileAccess }),
    firstEpoch: 1,
    logger: silentLogger,
    now: () => writer.nowMs,
    onNews() {},
  });
  globalThis.gc?.();
  const openStart = process.cpuUsage();
  await trace.update();
  const openMs = cpuMs(openStart);
  const pieceMs: number[] = [];
  let measuredMs = 0;
  // The first pieces only warm the engine up.
  for (let done = -more / 4; done < more; done += pieceLines) {
    appendFileSync(path, writer.lines(pieceLines));
    utimesSync(path, writer.nowMs / 1000, writer.nowMs / 1000);
    const pieceStart = performance.now();
    const cpuStart = process.cpuUsage();
    await trace.update();
    if (done < 0) continue;
    measuredMs += cpuMs(cpuStart);
    pieceMs.push(performance.now() - pieceStart);
  }
  if (trace.picture?.epoch !== 1) throw new Error("The rows have lost their numbers");
  trace.dispose();
  const slowPieceMs = pieceMs.sort((a, b) => a - b)[Math.floor(pieceMs.length * 0.99)] ?? Number.NaN;
  return { lineUs: (measuredMs / more) * 1000, slowPieceMs, openMs };
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

class TranscriptWriter {
  readonly #random = randomFrom(20_261_122);
  #count = 0;

  get nowMs(): number {
    return startMs + this.#count * 250;
  }

  lines(count: number): string {
    let text = "";
    for (let index = 0; index < count; index++) text += `${JSON.stringify(this.#line(this.#count++))}\n`;
    return text;
  }

  #line(number: number): object {
    const around = {
      parentUuid: number === 0 ? null : `line-${number - 1}`,
      isSidechain: false,
      cwd: "/home/ann/shop",
      sessionId: "4f8a1c3e-0000-4000-8000-000000000001",
      version: "2.0.30",
      gitBranch: "main",
      uuid: `line-${number}`,
      timestamp: new Date(startMs + number * 250).toISOString(),
    };
    if (number % 40 === 0) {
      return { ...around, type: "user", message: { role: "user", content: `Now mend part ${number / 40}` } };
    }
    const call = number - (number % 2);
    if (number % 2 === 1) {
      const input = { command: `npm test -- --run part-${call % 50}`, description: "Run the tests" };
      return {
        ...around,
        type: "assistant",
        message: {
          id: `msg_${number}`,
          role: "assistant",
          model: "claude-sonnet-4-5",
          content: [
            { type: "text", text: `I run the tests of part ${call % 50} again, because the last change touched it.` },
            { type: "tool_use", id: `toolu_${number + 1}`, name: "Bash", input },
          ],
          usage: { input_tokens: 40, output_tokens: 120, cache_read_input_tokens: 52_000 },
        },
      };
    }
    const isFailed = this.#random() < 0.05;
    const content = `${"ok 12 passed (34 ms) in src/billing/tax.test.ts\n".repeat(12)}${isFailed ? "1 failed" : "all passed"}`;
    return {
      ...around,
      type: "user",
      message: {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: `toolu_${call}`, content, is_error: isFailed }],
      },
    };
  }
}
