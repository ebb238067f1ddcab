// Where a part of a text stands in the YAML that holds it: quotes, escapes, folds and indentation lie between the two.

import { isScalar } from "yaml";
import type { TextRange } from "./playbookProblem";
import type { YamlPath, YamlText } from "./yamlText";

/** The whole text where the part can't be found in it. */
export function textRange(yaml: YamlText, path: YamlPath, start: number, end: number): TextRange {
  const node = yaml.resolved(yaml.placeAt(path)?.value);
  if (!isScalar(node) || typeof node.value !== "string" || !node.range) return yaml.rangeOf(path);
  const [from, to] = node.range;
  const source = yaml.text.slice(from, to);
  const whole = source.indexOf(node.value);
  if (whole >= 0) {
    // Nothing can't be underlined: at the end of a text it is its last letter.
    const first = end > start ? start : Math.max(0, start - 1);
    return yaml.range(from + whole + first, from + whole + end);
  }
  // As often as the part stands in the text before its place, as often it stands in the YAML.
  const part = node.value.slice(start, end);
  let at = -1;
  for (
    let seen = node.value.indexOf(part);
    part !== "" && seen >= 0 && seen <= start;
    seen = node.value.indexOf(part, seen + 1)
  ) {
    at = source.indexOf(part, at + 1);
    if (at < 0) break;
  }
  return at < 0 ? yaml.rangeOf(path) : yaml.range(from + at, from + at + part.length);
}
