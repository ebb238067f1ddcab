// Playbooks of steps that append their paths to a file, with everything that decides whether and how often a step runs.

import fc from "fast-check";

export type SampleStep =
  | { readonly type: "plain" }
  /** Fails, and the playbook goes on. */
  | { readonly type: "failing" }
  /** Its first attempt fails. */
  | { readonly type: "retried" }
  /** Fails until its recovery has run. */
  | { readonly type: "recovered" }
  /** Runs only where an earlier step held, or did not. */
  | { readonly type: "conditional"; readonly earlier: number; readonly isNegated: boolean }
  | { readonly type: "nested"; readonly steps: readonly SampleStep[] };

export interface SampleFile {
  readonly name: string;
  readonly yaml: string;
}

export interface Sample {
  readonly files: readonly SampleFile[];
  /** Of steps that append something, whether or not they come to it. */
  readonly paths: readonly string[];
}

const simple: fc.Arbitrary<SampleStep> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ type: "plain" } as const) },
  fc.constant({ type: "failing" } as const),
  fc.constant({ type: "retried" } as const),
  fc.constant({ type: "recovered" } as const),
  fc.record({ type: fc.constant("conditional" as const), earlier: fc.nat(4), isNegated: fc.boolean() }),
);
const nested = fc.record({
  type: fc.constant("nested" as const),
  steps: fc.array(simple, { minLength: 1, maxLength: 3 }),
});
export const sampleSteps: fc.Arbitrary<readonly SampleStep[]> = fc.array(
  fc.oneof({ weight: 4, arbitrary: simple }, { weight: 1, arbitrary: nested }),
  { minLength: 1, maxLength: 5 },
);

/** The first file is the playbook. */
export function samplePlaybook(steps: readonly SampleStep[]): Sample {
  const files: SampleFile[] = [];
  const paths: string[] = [];
  const add = (name: string, prefix: string, list: readonly SampleStep[]) => {
    const at = files.length;
    files.push({ name, yaml: "" });
    const lines = list.flatMap((step, index) => {
      const id = `s${index}`;
      const path = prefix + id;
      const before = index === 0 ? "nothing" : `{steps.s${index - 1}.output}`;
      if (step.type === "nested") {
        const innerName = `inner-${path.replaceAll("/", "-")}`;
        add(innerName, `${path}/`, step.steps);
        return [
          `  - { id: ${id}, action: playbook, with: { path: ${innerName}.playbook.yaml }, on_failure: continue }`,
        ];
      }
      paths.push(path);
      return [
        `  - id: ${id}`,
        "    action: run",
        `    with: { command: ${JSON.stringify(commandOf(path, step, before))} }`,
        ...moreOf(path, step, index),
      ];
    });
    files[at] = { name, yaml: `name: ${name}\nsteps:\n${lines.join("\n")}\n` };
  };
  add("sample", "", steps);
  return { files, paths };
}

export function killFile(path: string, when: "before" | "after"): string {
  return `kill-${flat(path)}-${when}`;
}

/** A step goes on when it has killed its session. */
function commandOf(path: string, step: SampleStep, before: string): string {
  const kill = (when: "before" | "after") => `if rm ${killFile(path, when)} 2>/dev/null; then kill -9 $PPID; fi`;
  const words = [kill("before"), `echo ${path} >> done`, kill("after")];
  if (step.type === "retried") words.push(`if mkdir tried-${flat(path)} 2>/dev/null; then exit 1; fi`);
  if (step.type === "recovered") words.push(`if ! test -e mended-${flat(path)}; then exit 1; fi`);
  words.push(`echo "${path} after ${before}"`);
  if (step.type === "failing") words.push("exit 3");
  return words.join("; ");
}

function moreOf(path: string, step: SampleStep, index: number): string[] {
  switch (step.type) {
    case "failing":
      return ["    on_failure: continue"];
    case "retried":
      return ["    retries: { times: 1, backoff: 20ms }"];
    case "recovered":
      return [`    recover: { action: run, with: { command: "touch mended-${flat(path)}" } }`];
    case "conditional": {
      if (index === 0) return [`    if: "${step.isNegated ? "false" : "true"}"`];
      return [`    if: "${step.isNegated ? "!" : ""}steps.s${step.earlier % index}.ok"`];
    }
    default:
      return [];
  }
}

function flat(path: string): string {
  return path.replaceAll("/", "-");
}
