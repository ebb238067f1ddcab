// Texts of a trace made harmless for places that are not the panel. Everything that VS Code draws itself (notifications,
// tooltips, quick picks, tree labels, status bar, diagnostics) goes through `plainText`, or through `markdownText` where
// it becomes part of a MarkdownString; what is shown in a text pane goes through `visibleControls`.

const ellipsis = "…";

/** Input beyond this many UTF-16 units is not looked at: enough for any one-line text, and no work for a huge one. */
const lookedAtLength = 16_384;

const esc = String.fromCharCode(0x1b);
const bel = String.fromCharCode(0x07);
/** Colour codes and titles that a terminal would swallow: taken out whole, so that no "[31m" stays behind. */
const ansiSequence = new RegExp(
  `${esc}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${bel}${esc}]{0,1000}(?:${bel}|${esc}\\\\)|[@-Z\\\\^_])`,
  "g",
);

/**
 * Controls, line and paragraph separators, and everything that Unicode says is invisible by default: zero-width and
 * joining characters, bidi overrides and isolates, tags, fillers. The emoji and text variation selectors stay.
 */
const invisible =
  /(?![\ufe0e\ufe0f])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;
const lineBreak = /[\t-\r\x85\u2028\u2029]+/g;
const whitespaceRun = /\s+/g;
const loneSurrogate = /\p{Cs}/gu;
const ordinary = /^[ -~]*$/;

/**
 * One line of at most `maxLength` UTF-16 units: white space collapsed, terminal sequences, control, bidi and invisible
 * characters taken out, lone surrogates replaced by U+FFFD. A text that is too long ends in an ellipsis, which counts.
 */
export function oneLine(text: string, maxLength = 200): string {
  return cutText(collapse(text), maxLength);
}

/**
 * `oneLine`, and harmless where VS Code reads more than text into a string: `](` becomes `] (` so that a notification,
 * a view message or Markdown finds no `[label](command:...)` link; `$(` becomes `$ (` so that no icon is drawn;
 * `<scheme:` becomes `< scheme:` so that Markdown finds no autolink. A space is the smallest visible change: a
 * backslash would show where no Markdown is read, and an invisible character is just what is taken out here.
 *
 * Call it on the whole text that is handed over, or keep a space between the parts: two harmless texts written
 * together can be harmful again. In a MarkdownString use `markdownText`.
 */
export function plainText(text: string, maxLength = 200): string {
  const line = collapse(text);
  return cutText(breakConstructs(line), maxLength);
}

/**
 * `plainText` for use inside a MarkdownString, with or without HTML and icons: every character that Markdown could act
 * on is escaped, so that the rendered text reads like `plainText`. `maxLength` limits the rendered text; the result is
 * longer by the escapes.
 */
export function markdownText(text: string, maxLength = 200): string {
  return plainText(text, maxLength).replace(/[!-/:-@[-`{-~]/g, (character) => {
    if (character === "<") return "&lt;";
    if (character === ">") return "&gt;";
    if (character === "&") return "&amp;";
    return `\\${character}`;
  });
}

/**
 * The text with everything invisible made visible: C0 controls as their pictures (␀, ␛), others as ⟨U+202E⟩. Line
 * feeds, tabs and the CR of a CRLF stay as they are; so do joiners between characters that are not ASCII, where scripts
 * and emoji need them. Lone surrogates become U+FFFD. Nothing is cut.
 */
export function visibleControls(text: string): string {
  return text.replace(loneSurrogate, "\ufffd").replace(invisible, (character, offset: number, whole: string) => {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0x0a || code === 0x09) return character;
    if (code === 0x0d && whole.charCodeAt(offset + 1) === 0x0a) return character;
    if ((code === 0x200c || code === 0x200d) && isJoinerNeeded(whole, offset)) return character;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "␡";
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** The text without terminal sequences (colours, cursor, title); everything else stays. */
export function stripAnsi(text: string): string {
  return text.includes(esc) ? text.replace(ansiSequence, "") : text;
}

/**
 * The first `maxLength` UTF-16 units of a well-formed text without cutting a character in two: neither a surrogate pair
 * nor a base from its combining marks. The ellipsis that ends a cut text counts.
 */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  if (maxLength < 1) return "";
  let end = maxLength - ellipsis.length;
  // A base with more marks than this is not writing but an attempt to make it look cut; then the marks are cut.
  for (let back = 0; back < 16 && end > 0 && continuesCharacter(text, end); back++) end--;
  if (isLowSurrogate(text.charCodeAt(end)) && isHighSurrogate(text.charCodeAt(end - 1))) end--;
  return text.slice(0, Math.max(0, end)).trimEnd() + ellipsis;
}

function collapse(text: string): string {
  const head = text.length > lookedAtLength ? text.slice(0, lookedAtLength) : text;
  let line = head;
  if (!ordinary.test(head)) {
    line = head
      .replace(ansiSequence, "")
      .replace(lineBreak, " ")
      .replace(invisible, "")
      .replace(loneSurrogate, "\ufffd");
  }
  line = line.replace(whitespaceRun, " ").trim();
  return head === text ? line : line + ellipsis;
}

function breakConstructs(line: string): string {
  return line
    .replaceAll("](", "] (")
    .replaceAll("$(", "$ (")
    .replace(/<(?=[a-z][a-z0-9+.-]{0,31}:)/gi, "< ");
}

function isJoinerNeeded(text: string, offset: number): boolean {
  return text.charCodeAt(offset - 1) > 0x7f && text.charCodeAt(offset + 1) > 0x7f;
}

function continuesCharacter(text: string, index: number): boolean {
  const code = text.codePointAt(index);
  return (
    code !== undefined && (isLowSurrogate(code) || /^(?:\p{M}|\p{Emoji_Modifier})/u.test(text.slice(index, index + 2)))
  );
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
