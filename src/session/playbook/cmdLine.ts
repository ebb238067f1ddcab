// Placeholders in a line for Windows' `cmd`. It puts the text of a variable into the line before it reads the line, and so
// does every batch file that gets it (`npm` is one). A value is therefore refused where it holds what could end a word.

import type { Placeholder } from "./placeholders";
import { ShellLineError } from "./shellLineError";

/** Within quotes these still mean something to `cmd`, to a batch file, or to who splits the line into arguments. */
const unsafe = /["%!^&|<>()\r\n]/;

export function cmdLine(
  line: string,
  placeholders: readonly Placeholder[],
  nameOf: (placeholder: Placeholder) => string,
): string {
  let out = "";
  let from = 0;
  let isQuoted = false;
  for (const placeholder of placeholders) {
    const before = line.slice(from, placeholder.start);
    isQuoted = before.replaceAll(/\^./g, "").split('"').length % 2 === 0 ? !isQuoted : isQuoted;
    // `${x}` is left to the command, as it is for every other shell.
    if (/[$^]$/.test(before)) out += before + line.slice(placeholder.start, placeholder.end);
    else {
      const quote = isQuoted ? "" : '"';
      out += `${before}${quote}%${nameOf(placeholder)}%${quote}`;
    }
    from = placeholder.end;
  }
  return out + line.slice(from);
}

export function cmdValue(written: string, value: string): string {
  const found = unsafe.exec(value);
  if (found)
    throw new ShellLineError(
      `The value of ${written} holds ${JSON.stringify(found[0])}, which cmd could take for a part of the command: give the command as a list, or set \`shell: pwsh\`.`,
    );
  // A quote after it would be taken for a letter.
  return value.replace(/\\+$/, "$&$&");
}
