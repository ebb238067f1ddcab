// What a playbook holds as far as it can be told while it is typed: parameters and steps with their places. The editor's
// own picture of it, for a text with errors, too.

import type { TextRange } from "../../../session/playbook/playbookProblem";
import { readYaml, type YamlPath, type YamlText } from "../../../session/playbook/yamlText";

export interface OutlineParameter {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly isSecret: boolean;
  readonly range: TextRange;
  readonly nameRange: TextRange;
}

export interface OutlineStep {
  readonly id: string;
  readonly name: string;
  readonly action: string;
  readonly range: TextRange;
  readonly nameRange: TextRange;
}

export interface PlaybookOutline {
  readonly name?: string;
  /** Of the name, or of the beginning of the file. */
  readonly nameRange: TextRange;
  readonly params: readonly OutlineParameter[];
  readonly paramsRange?: TextRange;
  readonly steps: readonly OutlineStep[];
  readonly stepsRange?: TextRange;
}

export function playbookOutline(text: string): PlaybookOutline {
  const { yaml } = readYaml(text);
  return outlineOf(yaml, readableValue(yaml));
}

export function outlineOf(yaml: YamlText, value: unknown): PlaybookOutline {
  const root = fields(value);
  const params = fields(root["params"]);
  const steps = Array.isArray(root["steps"]) ? (root["steps"] as unknown[]) : [];
  return {
    ...(typeof root["name"] === "string" && { name: root["name"] }),
    nameRange: yaml.placeAt(["name"]) ? yaml.rangeOfKey(["name"]) : yaml.range(0, 0),
    params: Object.entries(params).map(([name, each]) => parameter(name, fields(each), yaml)),
    ...(Object.keys(params).length > 0 && { paramsRange: wholeRange(yaml, ["params"]) }),
    steps: steps.flatMap((each, index) => (isFields(each) ? [step(each, ["steps", index], yaml)] : [])),
    ...(steps.length > 0 && { stepsRange: wholeRange(yaml, ["steps"]) }),
  };
}

function parameter(name: string, file: Readonly<Record<string, unknown>>, yaml: YamlText): OutlineParameter {
  return {
    name,
    type: textOf(file["type"]) ?? "string",
    ...(typeof file["description"] === "string" && { description: file["description"] }),
    ...(file["default"] !== undefined && { default: file["default"] }),
    isSecret: file["secret"] === true,
    range: wholeRange(yaml, ["params", name]),
    nameRange: yaml.rangeOfKey(["params", name]),
  };
}

function step(file: Readonly<Record<string, unknown>>, path: YamlPath, yaml: YamlText): OutlineStep {
  const id = textOf(file["id"]) ?? "";
  return {
    id,
    name: textOf(file["name"]) ?? id,
    action: textOf(file["action"]) ?? "",
    range: wholeRange(yaml, path),
    nameRange: yaml.placeAt([...path, "id"]) ? yaml.rangeOf([...path, "id"]) : yaml.rangeOfKey(path),
  };
}

/** From the key, or the first key of an item, to the end of what stands in it. */
function wholeRange(yaml: YamlText, path: YamlPath): TextRange {
  const { start, end } = yaml.rangeOfKey(path);
  const to = yaml.placeAt(path)?.value?.range?.[1] ?? end.offset;
  const length = yaml.text.slice(start.offset, Math.max(to, end.offset)).trimEnd().length;
  return yaml.range(start.offset, start.offset + length);
}

/** What could be read of it, however damaged. */
export function readableValue(yaml: YamlText): unknown {
  try {
    return yaml.document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return isFields(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
