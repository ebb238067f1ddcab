import { describe, expect, it } from "vitest";
import { importWhole, linesOf, problemText } from "./importing";

const says = (role: string, text: string) => ({
  type: "message",
  role,
  content: [{ type: `${role === "user" ? "in" : "out"}put_text`, text }],
});
const meta = { id: "c-1", timestamp: "2025-06-01T10:00:00.000Z", instructions: null };
const runs = { type: "function_call", name: "shell", arguments: "{}", call_id: "call-1" };
const gave = { type: "function_call_output", call_id: "call-1", output: "fine" };

function messagesOf(...records: readonly object[]): { readonly messages: unknown[]; readonly repeated: string[] } {
  const { trace, problems } = importWhole(linesOf(...records));
  const messages = trace.spans.filter(({ kind }) => kind === "user-message").map(({ input }) => input);
  const repeated = problemText(problems.filter(({ code }) => code === "journal-duplicate"));
  return { messages, repeated: repeated.map((text) => text.replace(/@\d+/, "@")) };
}

describe("a line that equals an earlier one", () => {
  it("counts where nothing in it tells that it is the same one", () => {
    const yes = says("user", "yes");
    const done = says("assistant", "Done.");
    expect(messagesOf(meta, yes, done, yes, done, yes, says("assistant", "And that."))).toEqual({
      messages: ["yes", "yes", "yes"],
      repeated: [],
    });
  });

  it("counts where it only speaks of the same thing", () => {
    const yes = { ...says("user", "yes"), thread: { id: "t" } };
    expect(messagesOf(meta, yes, says("assistant", "Done."), yes).messages).toHaveLength(2);
  });

  it("is left out where it has an id or a time, and so are those behind it that were behind it before", () => {
    const tail = [runs, gave, says("user", "yes"), says("assistant", "Done.")];
    expect(messagesOf(meta, ...tail, ...tail, ...tail, says("user", "yes"))).toEqual({
      messages: ["yes", "yes"],
      repeated: ["journal-duplicate @ Line 6 repeats an earlier one ×8"],
    });
    const timed = { timestamp: "2026-01-01T10:00:00Z", type: "response_item", payload: says("user", "yes") };
    expect(messagesOf({ ...meta }, timed, timed).messages).toEqual(["yes"]);
  });

  it("counts where it comes behind another line than before", () => {
    const tail = [runs, says("user", "yes"), gave];
    expect(messagesOf(meta, ...tail, runs, says("assistant", "Done."), says("user", "yes")).messages).toHaveLength(2);
  });
});
