// How many columns of a terminal a text takes, and texts made to fit. What is measured has no control characters.

const ellipsis = "…";
/** More UTF-16 units than any writing has in a column. */
const unitsPerColumn = 16;
const ascii = /^[ -~]*$/;
/** East Asian Width W and F of Unicode, and what is drawn as an emoji by default. */
const wide =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
/** Drawn over or within the character before: marks, joiners, selectors, the vowels and finals of Korean syllables. */
const noWidth = /[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\u1160-\u11ff\ud7b0-\ud7fb]/u;
/** A pair of letters that is a flag, or a character that is drawn as an emoji because a selector or a joiner says so. */
const drawnAsEmoji = /^\p{Regional_Indicator}{2}|\ufe0f|\u200d\p{Extended_Pictographic}/u;

let segmenter: Intl.Segmenter | undefined;

export function textWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of characters(text)) width += characterWidth(character);
  return width;
}

/** The text, or as much of it as fits with an ellipsis after it; "" where not even that has room. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return "";
  let kept = "";
  let used = 0;
  for (const character of characters(text)) {
    used += characterWidth(character);
    if (used > width - 1) break;
    kept += character;
  }
  return kept.trimEnd() + ellipsis;
}

/** The line as lines of at most `width` columns, broken at spaces where there are any in the second half of a line. */
export function* wrapToWidth(line: string, width: number): Iterable<string> {
  let rest = line;
  for (;;) {
    const head = headOfWidth(rest, Math.max(1, width));
    if (head.length === rest.length) break;
    const space = rest[head.length] === " " ? head.length : head.lastIndexOf(" ");
    const end = space > head.length / 2 ? space : head.length;
    yield rest.slice(0, end).trimEnd();
    rest = rest.slice(rest[end] === " " ? end + 1 : end);
  }
  yield rest;
}

export function padToWidth(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** At least one character, so that whoever goes on after it comes to an end. Looks at no more of a long text than it needs. */
function headOfWidth(text: string, width: number): string {
  const start = text.slice(0, width);
  if (ascii.test(start)) return start;
  let head = "";
  let used = 0;
  for (const character of characters(text.slice(0, width * unitsPerColumn))) {
    used += characterWidth(character);
    if (used > width && head !== "") break;
    head += character;
  }
  return head;
}

/** What a reader takes for one character, such as a letter with its marks or a family of emoji. */
function* characters(text: string): Iterable<string> {
  if (ascii.test(text)) yield* text;
  else {
    segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
    for (const { segment } of segmenter.segment(text)) yield segment;
  }
}

function characterWidth(character: string): number {
  if (character.length === 1 && character >= " " && character <= "~") return 1;
  if (drawnAsEmoji.test(character)) return 2;
  let width = 0;
  for (const codePoint of character) width += wide.test(codePoint) ? 2 : noWidth.test(codePoint) ? 0 : 1;
  return width;
}
