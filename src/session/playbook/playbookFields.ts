// A sentence for each field of a playbook, shown on hover and when it is offered, and part of the JSON schema. `*` stands
// for a name that the person chose or for an item of a list; fields of `with` are told of by their action.

import { durationText } from "./durations";
import { noRetries } from "./playbook";

export const playbookFields: Readonly<Record<string, string>> = {
  name: "What sessions of this playbook are called.",
  description: "What it is for.",
  params:
    "What is given when it is run. `{name}` stands for the value in the texts of steps, `params.name` in conditions.",
  "params.*": "A parameter. Without a `default` it must be given unless it is not `required`.",
  "params.*.type":
    "`string` (default), `number`, `boolean` or `path`. A path given when it is run counts from there, a default from the playbook's folder.",
  "params.*.default": "The value where none is given.",
  "params.*.description": "Shown where the value is asked for.",
  "params.*.options": "The values that are allowed.",
  "params.*.required": "Whether it must be given. Default: true where there is no `default`.",
  "params.*.secret":
    "Masked as `•••` everywhere and never written to a trace, a log or the launch history. It must have 4 characters or more. Default: false.",
  guardrails: "When a session that goes in circles is warned of and stopped. What is left out comes from the settings.",
  "guardrails.consecutive_errors": "So many failed actions one after the other stop the session. Default: 5.",
  "guardrails.window": "Among so many of the last actions repeats are counted. Default: 12.",
  "guardrails.repeats": "How often the same action may come with the same result.",
  "guardrails.repeats.hint": "From so many on there is a hint. Default: 3.",
  "guardrails.repeats.warn": "From so many on there is a warning. Default: 5.",
  "guardrails.repeats.stop": "From so many on the session is stopped. Default: 7.",
  "guardrails.cycle": "The same few actions with the same results, round after round: warned of.",
  "guardrails.cycle.length": "The longest cycle that is looked for, in actions. Default: 3.",
  "guardrails.cycle.times": "How often it must come. Default: 3.",
  "guardrails.stuck_revisit_gap":
    "The same action with the same result after at least so many others is hinted at: 1 to 50. Default: 5.",
  "guardrails.failure_cluster": "Many failures close together: warned of.",
  "guardrails.failure_cluster.failures": "So many failures… Default: 3.",
  "guardrails.failure_cluster.window": "…among so many actions. Default: 5.",
  "guardrails.budget": "What a session may cost before it is stopped; warned of at 80 %.",
  "guardrails.budget.time": "A duration such as `30m`.",
  "guardrails.budget.cost": "US dollars.",
  "guardrails.budget.tokens": "Tokens that are sent and answered.",
  checkpoints:
    "Whether the result of each step is saved, so that a failed run can be resumed from there. Default: true; in a playbook that a step runs, what holds for that step.",
  env: "Variables of the environment of all `run` steps.",
  "env.*": "The value of this variable.",
  cwd: "The folder of all steps, relative to that of the playbook. Default: the playbook's folder.",
  steps: "What is done, one after another.",
  "steps.*": "A step: an `id`, an `action` and what it works `with`.",
  "steps.*.id": "Names it in conditions and placeholders: 1 to 64 letters, digits, _ or -.",
  "steps.*.name": "What it is called in the trace. Default: its id.",
  "steps.*.action": "What it does: `run`, `http`, `model`, `playbook` or `batch`.",
  "steps.*.with": "What the action works with.",
  "steps.*.expect":
    "What must hold for the step to be a success: all that is given. Default: exit code 0 for `run`, a 2xx for `http`.",
  "steps.*.expect.exit_code": "The exit code of a command, or a list of those that are right. Default: 0.",
  "steps.*.expect.output_matches":
    "A regular expression (RE2) that is found in the output. `^` and `$` mean the borders of a line.",
  "steps.*.expect.json": "A value within the output, which must be JSON; or a list of them.",
  "steps.*.expect.json.path": "Where it is: a JSON path (RFC 9535) that finds one value, such as `$.items[0].name`.",
  "steps.*.expect.json.equals":
    "What it must be, with all that is in it. A text that is nothing but a `{param}` is the value with its type.",
  "steps.*.expect.file_exists":
    "A file or folder that must be there, or a list of them; relative to the step's folder.",
  "steps.*.expect.status":
    "The status of an answer such as `404`, a class such as `2xx`, or a list of them. Default: `2xx`.",
  "steps.*.timeout":
    "How long an attempt may take: a number of seconds, or `500ms`, `30s`, `5m`, `1h30m`. Default: as long as it takes.",
  "steps.*.retries":
    "How often it is tried again after a failure: a number, or `times` with the pauses between. Default: 0.",
  "steps.*.retries.times": "How often it is tried again.",
  "steps.*.retries.backoff": `The first pause. Default: ${durationText(noRetries.backoffMs)}.`,
  "steps.*.retries.factor": `Each pause is so many times the one before. Default: ${noRetries.factor}.`,
  "steps.*.retries.max": `The longest pause. Default: ${durationText(noRetries.maxMs)}.`,
  "steps.*.if":
    "A condition (CEL) on `params` and on `steps.<id>.ok`, `.skipped`, `.output`, `.exit_code`, `.status` and `.json`. Where it does not hold, the step is skipped.",
  "steps.*.failure_message":
    "What the person reads when it fails, with placeholders. The raw error stays in the trace.",
  "steps.*.recover":
    "What is done after the last attempt failed: a command, after which the step is tried once more, or a model that proposes another `with`.",
  "steps.*.recover.action": "`run` or `model`.",
  "steps.*.recover.with": "What the action works with.",
  "steps.*.recover.timeout": "How long it may take.",
  "steps.*.on_failure": "`abort` (default): the steps after it are not run. `continue`: they are.",
  "steps.*.checkpoints":
    "Whether its result is saved, so that a resumed run takes it over. Without that the step runs again. Default: as the playbook says.",
};

/** The sentence for the field at this place, whatever the names and numbers on the way. */
export function playbookField(path: readonly (string | number)[]): string | undefined {
  const [first] = path;
  const named = path
    .map((step, index) => {
      const isChosen = index === 1 && (first === "params" || first === "env" || first === "steps");
      return isChosen ? "*" : step;
    })
    // A list where one value could stand, too.
    .filter((step, index) => index < 2 || typeof step !== "number");
  const key = named.join(".");
  return Object.hasOwn(playbookFields, key) ? playbookFields[key] : undefined;
}
