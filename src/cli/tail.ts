// `tracekeeper tail`: follows a session as it runs, over its own endpoint.

import { resolve } from "node:path";
import { FollowedLines } from "../session/stream/followedLines";
import { type Followed, followEvents, followTrace } from "../session/stream/followSession";
import { type Command, defaultDirectory } from "./command";
import { findSession } from "./findSession";
import { byNewest, isLive, listSessions } from "./listSessions";
import { endWithReader, printError, writePiece } from "./print";
import { cutPieces, paint, screenOf } from "./screen";
import { parseWords, UsageError } from "./usageError";
import { jsonLine } from "./visibleText";

export const tailCommand: Command = {
  name: "tail",
  summary: "follows a session while it runs",
  usage: `Usage: tracekeeper tail [options] [<file or id>]

Shows what a session does as it does it, until it ends: its steps, and what its programs put out. Where no session is named
it is the newest one that runs.
Of a session that can't be followed, because it has ended or is out of reach, the trace on the disk is shown instead, and a
line on standard error says so. Where a session goes out of reach in the middle, what was shown stays all there is: the
exit code is 1 then.

  --dir <directory>  where the traces are; ${defaultDirectory} where it is left out
  --json             one JSON object a line: "source" is live or persisted, "event" what happened
  --trace            the whole trace up to now as one JSON document, and nothing more
  --no-color         no colours
`,
  run: tail,
};

async function tail(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      json: { type: "boolean" },
      trace: { type: "boolean" },
      "no-color": { type: "boolean" },
    },
  });
  const [argument, extra] = positionals;
  if (extra !== undefined) throw new UsageError(`tail takes one session, and "${extra}" is another one`);
  if (values.json === true && values.trace === true) throw new UsageError("--json and --trace contradict each other");
  const directory = resolve(values.dir ?? defaultDirectory);
  const key = argument === undefined ? await newestRunning(directory) : await findSession(argument, directory);
  endWithReader();
  if (values.trace === true) return await told(followTrace(key), (piece) => writePiece(piece));
  const screen = screenOf(process.stdout, process.env, values["no-color"] === true);
  const lines = new FollowedLines((pieces) =>
    paint(screen.width === undefined ? pieces : cutPieces(pieces, screen.width), screen),
  );
  return await told(followEvents(key), async (event, source) => {
    const made = values.json === true ? [jsonLine({ source, event })] : lines.of(event);
    for (const line of made) await writePiece(`${line}\n`);
  });
}

/** @returns the exit code: 1 where the session went out of reach in the middle */
async function told<T>(
  followed: AsyncIterable<Followed<T>>,
  show: (value: T, source: "live" | "persisted") => Promise<void>,
): Promise<number> {
  for await (const next of followed) {
    if (next.type !== "inactive") {
      await show(next.value, next.type);
      continue;
    }
    const { reason, isPartial } = next;
    if (isPartial) {
      printError(`the session can't be followed any more: ${reason}; what was shown is partial`);
      return 1;
    }
    printError(`the session can't be followed: ${reason}; this is the trace on the disk`);
  }
  return 0;
}

async function newestRunning(directory: string): Promise<string> {
  const [newest] = (await listSessions(directory, Date.now())).filter(isLive).sort(byNewest);
  if (newest === undefined) throw new Error(`No session runs in ${directory}; name one that ended to see its trace`);
  return newest.key;
}
