// A process that takes a batch as often as it is told to, and says whether it has it: "own" or "other". It ends with its input.

import { createInterface } from "node:readline";
import { takeOwnership } from "../../src/batch/ownerFile";
import { makeProbeLiveness, thisMachine } from "../../src/recorder/liveness";
import { ownIdentity, randomInstance } from "../../src/recorder/recoveryIdentity";

const identity = ownIdentity(thisMachine(), randomInstance());
const probe = makeProbeLiveness();

createInterface({ input: process.stdin }).on("line", (line) => {
  // "path atMs": all begin at the same time.
  const [path = "", atMs = "0"] = line.split(" ");
  while (Date.now() < Number(atMs));
  takeOwnership(path, { identity, probe, endpoint: undefined }).then(
    () => process.stdout.write("own\n"),
    (error: unknown) => process.stdout.write(`${error instanceof Error ? error.name : "?"} ${String(error)}\n`),
  );
});
process.stdout.write(`${identity.instance}\n`);
