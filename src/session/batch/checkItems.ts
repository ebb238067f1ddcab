// Looks at the items of a batch before there is one: how many they are, and which of them could not be run as they are. An
// engine would make runs of these that fail at once; whoever asks here can still mend them.

import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ItemRefused } from "../../batch/runner";
import { resolveParameters } from "../playbook/parameters";
import type { Parameter } from "../playbook/playbook";
import { type Items, ItemsError } from "./items";
import { playbookParameters } from "./payload";

export interface UnfitItem {
  /** From 1 on. */
  readonly number: number;
  /** Of the text or the file that it came from. */
  readonly line: number;
  readonly message: string;
}

export interface CheckedItems {
  readonly unfitCount: number;
  readonly firstUnfit: UnfitItem | undefined;
  /** The first one as it stands. */
  readonly sample: string;
}

/** A playbook that takes the items as its parameters. */
export interface TakingPlaybook {
  readonly path: string;
  readonly params: readonly Parameter[];
  /** Where relative paths in an item begin. */
  readonly folder: string;
}

/** So often others get a turn. */
const itemsAtOnce = 500;
const sampleLength = 200;

/** @param playbook none where a command gets the items, which takes what it likes. Rejects with an `ItemsError` */
export async function checkItems(items: Items, playbook: TakingPlaybook | undefined): Promise<CheckedItems> {
  let unfitCount = 0;
  let firstUnfit: UnfitItem | undefined;
  let sample = "";
  for await (const { index, line, payload, payloadType, problem } of items.lines("")) {
    if (index === 0 && payload !== undefined) sample = new TextDecoder().decode(payload.subarray(0, sampleLength));
    const message = problem?.message ?? (playbook && (await unfitness(payload, payloadType, playbook)));
    if (message !== undefined) {
      unfitCount++;
      firstUnfit ??= { number: index + 1, line, message };
    }
    if (index % itemsAtOnce === itemsAtOnce - 1) await new Promise((next) => setImmediate(next));
  }
  return { unfitCount, firstUnfit, sample };
}

async function unfitness(
  payload: Uint8Array | undefined,
  payloadType: string | undefined,
  { path, params, folder }: TakingPlaybook,
): Promise<string | undefined> {
  try {
    const given = await playbookParameters({ payload: async () => payload, payloadType });
    const { errors } = resolveParameters(params, given, {
      given: (each) => resolve(folder, each),
      default: (each) => resolve(dirname(path), each),
    });
    return errors.length === 0 ? undefined : errors.join(" ");
  } catch (error) {
    if (error instanceof ItemRefused) return error.message;
    throw error;
  }
}

/** An item a line, for this user alone to read. Rejects with the system's error, and with an `ItemsError` for one too large. */
export async function writeItems(items: Items, path: string): Promise<void> {
  const lines = async function* () {
    for await (const { payload, problem } of items.lines("")) {
      if (payload === undefined) throw new ItemsError(problem?.message ?? "An item has no payload");
      yield payload;
      yield "\n";
    }
  };
  await writeFile(path, lines(), { mode: 0o600, flag: "wx" });
}
