// `tracekeeper show`: one session as a tree that one wants to read, the failing step first.

import { basename, resolve } from "node:path";
import { FLAG } from "../trace/spanColumns";
import { type Command, defaultDirectory } from "./command";
import { failingStepLines, failureLines } from "./failureLines";
import { findSession } from "./findSession";
import { headerLines, showCommandFor, whole } from "./headerLines";
import { endWithReader, printError, printLines } from "./print";
import { problemLines, problemText } from "./problemLines";
import { type Screen, screenOf } from "./screen";
import { isNoTrace, loadPicture, type SessionPicture } from "./sessionPicture";
import { jsonLines } from "./showJson";
import { treeLines } from "./treeLines";
import { parseWords, UsageError, wholeNumber } from "./usageError";

/** Failures that are told in full, where not all are asked for. */
const mostFailures = 20;

export const showCommand: Command = {
  name: "show",
  summary: "shows a session: where it failed, and its steps as a tree",
  usage: `Usage: tracekeeper show [options] <file or id>

Shows a session. The session is the path of any of its files, or its id or the beginning of that.
Of a long session equal steps in a row, the middle of very many, and what lies too deep are counted instead of printed.

  --dir <directory>  where ids are looked up; ${defaultDirectory} where it is left out
  --failures         each failure with its error, and no tree
  --depth <n>        the tree down to so many levels below the top
  --full             everything: all steps, errors, output and problems
  --json             one JSON object a line: the session, its steps, the problems of its files;
                     with --full also inputs, outputs and attributes
  --no-color         no colours
`,
  run: show,
};

interface ShowOptions {
  readonly onlyFailures: boolean;
  readonly isFull: boolean;
  readonly depth: number | undefined;
}

async function show(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      failures: { type: "boolean" },
      depth: { type: "string" },
      full: { type: "boolean" },
      json: { type: "boolean" },
      "no-color": { type: "boolean" },
    },
  });
  const [argument, extra] = positionals;
  if (!argument) throw new UsageError("show needs the file or the id of a session");
  if (extra !== undefined) throw new UsageError(`show takes one session, and "${extra}" is another one`);
  const depth = values.depth === undefined ? undefined : wholeNumber("--depth", values.depth, 0);
  const options = { onlyFailures: values.failures === true, isFull: values.full === true, depth };
  endWithReader();
  const key = await findSession(argument, resolve(values.dir ?? defaultDirectory));
  const picture = await loadPicture(key, Date.now());
  if (isNoTrace(picture)) {
    const [problem] = picture.problems;
    printError(problem === undefined ? `${argument}: Nothing of a trace could be read` : problemText(problem, key));
    return 1;
  }
  const screen = screenOf(process.stdout, process.env, values["no-color"] === true);
  await printLines(values.json === true ? jsonLines(picture, options) : textLines(picture, options, screen));
  return 0;
}

function* textLines(picture: SessionPicture, options: ShowOptions, screen: Screen): Iterable<string> {
  const { problems, key } = picture;
  yield* headerLines(picture, screen);
  yield "";
  if (options.onlyFailures) yield* allFailures(picture, options, screen);
  else {
    yield* failingStepBlock(picture, options, screen);
    yield* treeLines(picture, options, screen);
  }
  if (problems.length === 0) return;
  yield "";
  yield* problemLines(problems, basename(key), options.isFull, screen);
}

/** The failing step, how many more failures there are, and an empty line; nothing where there is nothing to tell. */
function* failingStepBlock(picture: SessionPicture, options: ShowOptions, screen: Screen): Iterable<string> {
  const { failures, columns, session, state, key } = picture;
  const row = failures.failingStep?.row;
  if (row === undefined) return;
  // Of the session itself the error stands in the header.
  const message = session.trace.spans[row]?.statusMessage;
  const isTold = columns.parent[row] === -1 && message !== undefined && message === state.error;
  if (!isTold) yield* failingStepLines(picture, options, screen);
  const others = failures.failures.length + failures.recovered.length - 1;
  if (others > 0) {
    const more = `${others} more ${others === 1 ? "failure" : "failures"}`;
    yield whole(`${more}: ${showCommandFor(key)} --failures`, screen, "faint");
  }
  if (!isTold || others > 0) yield "";
}

/** Those that count first, the failing step before all others; then those that were made good. */
function* allFailures(picture: SessionPicture, { isFull }: ShowOptions, screen: Screen): Iterable<string> {
  const { failures, columns } = picture;
  const { failingStep } = failures;
  const isOther = (row: number) => row !== failingStep?.row;
  const rows = [...failures.failures].filter(isOther).concat([...failures.recovered].filter(isOther));
  if (failingStep === undefined && rows.length === 0) {
    yield "No step failed";
    return;
  }
  yield* failingStepLines(picture, { isFull }, screen);
  const shown = isFull ? rows : rows.slice(0, mostFailures);
  for (const [index, row] of shown.entries()) {
    if (index > 0 || failingStep !== undefined) yield "";
    yield* failureLines(picture, row, { isFull }, screen);
  }
  if (shown.length === rows.length) return;
  const left = rows.slice(shown.length);
  const recovered = left.filter((row) => ((columns.flags[row] ?? 0) & FLAG.recovered) !== 0).length;
  yield "";
  yield `${left.length} more failures, ${recovered} of them recovered; --full prints all`;
}
