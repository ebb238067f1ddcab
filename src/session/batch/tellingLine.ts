// Of what a program printed before it failed the line that tells why, so that a hundred runs that all end with "exit 1"
// can be told apart by their errors.

/** "TypeError: x is not a function", "sqlite3.OperationalError: no such table", "error: no such file", "panic: …". */
const errorLine =
  /^\W*(?:\[cause\]:\s*)?(?:[A-Za-z_$][\w$]*[.:/\\])*[A-Za-z_$]*(?:error|exception|panic|fatal|failure)\b[^:]{0,80}:\s*\S/i;
const stackLine = /^\s*(?:at\s|File "|\^|~+|in\s<|node:internal|Node\.js v\d|\.{3}\s\d+ more|\|\s*$)/;
const mostLines = 200;

/** Undefined where it printed nothing that says anything. */
export function tellingLine(output: string): string | undefined {
  const lines = output.trimEnd().split(/\r?\n/).slice(-mostLines);
  const plain = lines.map((line) => line.replace(ansi, "").trimEnd());
  const telling = plain.findLast((line) => errorLine.test(line) && !stackLine.test(line));
  return (telling ?? plain.findLast((line) => line.trim() !== "" && !stackLine.test(line)))
    ?.trim()
    .replace(/^\[cause\]:\s*/, "");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
const ansi = /\u001b\[[0-9;:]*[A-Za-z]/g;
