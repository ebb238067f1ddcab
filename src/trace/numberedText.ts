// Where a text stands in a file, as a tool's output tells that quotes the file with its line numbers.

const numberedLine = /^ {0,10}(\d{1,7})(?:\t|→|\| ?|: )(.*)$/;
/** UTF-16 units of the output that are looked at. */
const lookedAtLength = 200_000;
/** Lines of the text that are compared. */
const mostLines = 50;

/**
 * The number of the first line of `text` in the file that `output` quotes; undefined where it does not quote the text, or
 * does so in more than one place.
 */
export function lineInNumberedText(output: string, text: string): number | undefined {
  const wanted = text.replace(/\n$/, "").split("\n").slice(0, mostLines);
  if (text.trim() === "") return undefined;
  const quoted: { readonly number: number; readonly content: string }[] = [];
  for (const line of output.slice(0, lookedAtLength).split("\n")) {
    const match = numberedLine.exec(line);
    if (match !== null) quoted.push({ number: Number(match[1]), content: match[2] ?? "" });
  }
  let found: number | undefined;
  for (const [index, { number, content }] of quoted.entries()) {
    if (content !== wanted[0]) continue;
    const isHere = wanted.every((line, step) => {
      const at = quoted[index + step];
      return at !== undefined && at.number === number + step && at.content === line;
    });
    if (!isHere) continue;
    if (found !== undefined && found !== number) return undefined;
    found = number;
  }
  return found !== undefined && found >= 1 ? found : undefined;
}
