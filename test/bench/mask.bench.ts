// Masks 0, 1 and 20 secrets in 32 MB of output as a program prints it, alone and on its way into a trace.

import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs } from "../../src/recorder/recorderFs";
import { makeTraceId, SpanIds } from "../../src/recorder/traceIds";
import { OutputRecorder } from "../../src/session/outputRecorder";
import { MaskedStream } from "../../src/session/secrets/maskedStream";
import { SecretMask } from "../../src/session/secrets/secretMask";
import { cpuMs, type Figure, interleaved, reportBench } from "../support/bench";
import { makeTempDir } from "../support/tempDir";

const totalBytes = 32 * 1024 * 1024;
/** As a pipe hands them over. */
const pieceBytes = 64 * 1024;
const rounds = 5;

/** The same on every machine and in every round. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state;
  };
}

const next = numbers(1);
const word = () => next().toString(36);

function secret(index: number): string {
  const long = word() + word() + word() + word();
  if (index % 4 === 1) return `pa$$"${word()}&${word()}/é`;
  if (index % 4 === 2) return Array.from({ length: 8 }, () => Buffer.from(long + word()).toString("base64")).join("\n");
  return index % 4 === 3 ? `${next()}` : `ghp_${long}`;
}
const secrets = Array.from({ length: 20 }, (_, index) => secret(index));

const outputs: Readonly<Record<string, (line: number) => string>> = {
  "lines of a log": (line) =>
    `2026-01-31T12:00:${line % 60} INFO  worker-${line % 7} took job ${word()} in ${next() % 900} ms\n`,
  "JSON within JSON": (line) =>
    `${JSON.stringify({ line, message: JSON.stringify({ id: word(), path: "/home/ann/x", text: `"a" & b\t${word()}` }) })}\n`,
  Base64: () => `${Buffer.from(word() + word() + word() + word() + word() + word() + word()).toString("base64")}\n`,
};

function piecesOf(lineOf: (line: number) => string): readonly Buffer[] {
  const lines: string[] = [];
  for (let line = 0, length = 0; length < totalBytes; line++) {
    const text = lineOf(line);
    lines.push(text);
    length += text.length;
  }
  const all = Buffer.from(lines.join(""));
  const pieces: Buffer[] = [];
  for (let at = 0; at < totalBytes; at += pieceBytes)
    pieces.push(all.subarray(at, Math.min(totalBytes, at + pieceBytes)));
  return pieces;
}

function maskedAlone(pieces: readonly Buffer[], mask: SecretMask): void {
  const stream = new MaskedStream(mask);
  for (const piece of pieces) stream.add(piece);
  stream.end();
}

let sessions = 0;

/** As a step of a playbook does it. @param mask undefined for no masking at all */
async function recorded(pieces: readonly Buffer[], mask: SecretMask | undefined, directory: string): Promise<void> {
  const session = openSessionRecorder({
    directory,
    sessionId: `output-${++sessions}`,
    traceId: makeTraceId(Date.now()),
    metadata: { title: "output" },
    mode: "start",
    fsync: "never",
    fs: nodeFs,
    machine: undefined,
    onProblem: ({ message }) => {
      throw new Error(message);
    },
  });
  if (session === undefined) throw new Error("Nothing can be recorded");
  const ids = new SpanIds();
  const output = new OutputRecorder(session, () => ids.next(), ids.next());
  const stream = mask && new MaskedStream(mask);
  for (const piece of pieces) output.add("stdout", stream?.add(piece) ?? piece);
  if (stream !== undefined) output.add("stdout", stream.end());
  output.end();
  // What follows is not the output's.
  session.crash("measured", {});
}

const masks = [
  { count: 0, reach: 1.1 },
  { count: 1, reach: 2 },
  { count: 20, reach: 4 },
].map((each) => ({ ...each, mask: new SecretMask(secrets.slice(0, each.count)) }));
const megabytes = totalBytes / 1_000_000;
const figures: Figure[] = [];
await using folder = await makeTempDir();
for (const [what, lineOf] of Object.entries(outputs)) {
  const pieces = piecesOf(lineOf);
  const ways = [
    ...masks.map(
      ({ mask }) =>
        () =>
          maskedAlone(pieces, mask),
    ),
    () => recorded(pieces, undefined, folder.path),
    ...masks.map(
      ({ mask }) =>
        () =>
          recorded(pieces, mask, folder.path),
    ),
  ];
  const values = await interleaved(
    rounds,
    ways.map((way) => () => cpuMs(way)),
  );
  const [reference = Number.NaN] = values.slice(masks.length);
  for (const [index, { count, reach }] of masks.entries()) {
    const speed = Math.round((megabytes / (values[index] ?? Number.NaN)) * 1000);
    const value = values[masks.length + 1 + index] ?? Number.NaN;
    const told = `${what}, ${count} secrets: ${count === 0 ? "not looked at" : `${speed} MB/s`}; recording it all`;
    figures.push({ what: told, unit: "ms", value, reference, reach });
  }
}
const many = Array.from({ length: 100 }, (_, index) => secret(index));
const values = await interleaved(rounds, [() => cpuMs(() => new SecretMask(many))]);
figures.push({ what: "100 secrets made ready", unit: "ms", value: values[0] ?? Number.NaN });
await reportBench("mask", figures);
