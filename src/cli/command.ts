// What every command has: how it is called, and what it does with the words after its name.

export interface Command {
  readonly name: string;
  /** One line in the list of commands. */
  readonly summary: string;
  /** What `help <command>` prints. */
  readonly usage: string;
  /** @returns the exit code; throws a `UsageError` where it was asked for wrongly */
  run(words: readonly string[]): Promise<number>;
}

export const defaultDirectory = ".tracekeeper/traces";
