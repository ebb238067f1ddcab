// What a task's configuration says that the API of VS Code does not: which other tasks it runs first, and its problem
// matchers. And so which tasks can be traced, and why another one can't.

export interface ConfiguredTask {
  readonly label: string | undefined;
  /** Its own fields, by which a contributed task is known. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Names of the tasks that it depends on. */
  readonly dependsOn: readonly string[];
  /** Names of problem matchers, such as `$tsc`. */
  readonly problemMatchers: readonly string[];
  /** Has matchers without a name, which no copy can have. */
  readonly hasOwnMatchers: boolean;
}

/** @param tasks the list `tasks` of a `tasks.json`, whatever stands there */
export function configuredTasks(tasks: unknown): readonly ConfiguredTask[] {
  if (!Array.isArray(tasks)) return [];
  return tasks.flatMap((task: unknown) => {
    if (typeof task !== "object" || task === null) return [];
    const fields = task as Record<string, unknown>;
    const label = fields["label"] ?? fields["taskName"];
    const matchers = listOf(fields["problemMatcher"]);
    return [
      {
        label: typeof label === "string" ? label : undefined,
        fields,
        dependsOn: listOf(fields["dependsOn"]).map((each) => (typeof each === "string" ? each : JSON.stringify(each))),
        problemMatchers: matchers.filter((matcher) => typeof matcher === "string"),
        hasOwnMatchers: matchers.some((matcher) => typeof matcher === "object" && matcher !== null),
      },
    ];
  });
}

export interface TaskFacts {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly execution: "process" | "shell" | "custom" | "none";
}

export type Untraceable =
  | { readonly type: "dependsOn"; readonly names: readonly string[] }
  /** It runs inside an extension. */
  | { readonly type: "custom" }
  /** It runs nothing, or VS Code does not tell what. */
  | { readonly type: "none" };

/** Undefined for a task that no file configures. */
export function configurationOf(task: TaskFacts, configured: readonly ConfiguredTask[]): ConfiguredTask | undefined {
  return configured.find((candidate) => isOf(candidate, task));
}

/** Why a task can't be traced; undefined for one that can. */
export function untraceable(task: TaskFacts, configured: ConfiguredTask | undefined): Untraceable | undefined {
  const names = configured?.dependsOn ?? [];
  if (names.length > 0) return { type: "dependsOn", names };
  if (task.execution === "custom") return { type: "custom" };
  return task.execution === "none" ? { type: "none" } : undefined;
}

/** A task without a label is known by what it is made of: its type and the fields of that type. */
function isOf({ label, fields }: ConfiguredTask, task: TaskFacts): boolean {
  if (label !== undefined) return label === task.name;
  const { type, ...own } = task.definition;
  const names = Object.keys(own).filter((name) => !name.startsWith("_") && name !== "id");
  return fields["type"] === type && names.length > 0 && names.every((name) => fields[name] === own[name]);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
