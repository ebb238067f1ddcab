// Markdown as a tree of blocks and words: what models write (CommonMark's common parts, tables, tasks, deletions). HTML and
// reference definitions are no part of it and stay the text that they are.

export type MarkdownBlock =
  | { readonly type: "heading"; readonly level: number; readonly inlines: readonly MarkdownInline[] }
  | { readonly type: "paragraph"; readonly inlines: readonly MarkdownInline[] }
  | { readonly type: "code"; readonly text: string }
  | { readonly type: "quote"; readonly blocks: readonly MarkdownBlock[] }
  | {
      readonly type: "list";
      /** Number of the first item; undefined for a list without numbers. */
      readonly start: number | undefined;
      /** Its items stand close together: a paragraph in them is their line. */
      readonly isTight: boolean;
      readonly items: readonly MarkdownItem[];
    }
  | {
      readonly type: "table";
      readonly head: readonly (readonly MarkdownInline[])[];
      readonly rows: readonly (readonly (readonly MarkdownInline[])[])[];
    }
  | { readonly type: "rule" };

export interface MarkdownItem {
  /** Of a task. */
  readonly isDone?: boolean | undefined;
  readonly blocks: readonly MarkdownBlock[];
}

export type MarkdownInline =
  | string
  | { readonly type: "strong" | "emphasis" | "deleted"; readonly inlines: readonly MarkdownInline[] }
  | { readonly type: "code"; readonly text: string }
  | { readonly type: "break" }
  | { readonly type: "link"; readonly href: string; readonly inlines: readonly MarkdownInline[] }
  /** As it is written: nothing is fetched. */
  | { readonly type: "image"; readonly href: string; readonly raw: string };
