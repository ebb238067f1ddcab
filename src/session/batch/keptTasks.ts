// What the tasks of a batch were when its items came, in a file beside the batch's own: whoever takes the batch over after
// a restart may not know them. What is registered there and then goes before; a file of another machine counts for nothing.

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod/mini";
import { makeFolders } from "../../recorder/makeFolders";
import { batchFolder } from "../../trace/batch/batchIds";
import { safeId } from "../../trace/safeId";
import { ownTask, type Task, type Tasks, taskSchema, tasksSchema } from "./tasks";

const keptSchema = z.object({
  version: z.literal(1),
  host: z.string(),
  /** Absolute: where the tasks are at home. */
  folder: z.string(),
  tasks: tasksSchema,
});

interface Kept {
  readonly folder: string;
  readonly tasks: Tasks;
}

/** Batches of which something is remembered. */
const mostBatches = 200;

export class KeptTasks {
  readonly #directory: string;
  readonly #folder: string;
  /** By batch; one after the other for each. */
  readonly #kept = new Map<string, Promise<Kept>>();

  /** @param folder absolute: where the tasks that are kept from now on are at home */
  constructor(directory: string, folder: string) {
    this.#directory = directory;
    this.#folder = folder;
  }

  /** Once it resolves the task is known to whoever goes on with the batch. Rejects with the system's error. */
  async keep(batchId: string, name: string, task: Task): Promise<void> {
    const before = this.#read(batchId);
    const after = before.then(async (kept) => {
      if (JSON.stringify(ownTask(kept.tasks, name)) === JSON.stringify(task)) return kept;
      const tasks = { ...kept.tasks, [name]: taskSchema.parse(task) };
      await this.#write(batchId, tasks);
      return { folder: this.#folder, tasks };
    });
    // One that could not be written is tried again with the next item.
    this.#remember(
      batchId,
      after.catch(() => before),
    );
    await after;
  }

  /** Undefined where it was not kept. */
  async task(batchId: string, name: string): Promise<{ readonly task: Task; readonly folder: string } | undefined> {
    const { tasks, folder } = await this.#read(batchId);
    const task = ownTask(tasks, name);
    return task && { task, folder };
  }

  #read(batchId: string): Promise<Kept> {
    const known = this.#kept.get(batchId);
    if (known !== undefined) return known;
    const read = readFile(this.#path(batchId), "utf8").then(
      (text) => keptOf(text) ?? { folder: this.#folder, tasks: {} },
      () => ({ folder: this.#folder, tasks: {} }),
    );
    this.#remember(batchId, read);
    return read;
  }

  #remember(batchId: string, kept: Promise<Kept>): void {
    this.#kept.delete(batchId);
    this.#kept.set(batchId, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostBatches && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #write(batchId: string, tasks: Tasks): Promise<void> {
    const path = this.#path(batchId);
    // Only who runs the batch writes it, so that the name of one that was killed is taken again.
    const temp = `${path}.tmp`;
    const kept: z.infer<typeof keptSchema> = { version: 1, host: hostname(), folder: this.#folder, tasks };
    await makeFolders(join(this.#directory, batchFolder));
    try {
      await writeFile(temp, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
      await rename(temp, path);
    } catch (error) {
      await rm(temp, { force: true });
      throw error;
    }
  }

  #path(batchId: string): string {
    return join(this.#directory, batchFolder, `${safeId(batchId)}.tasks.json`);
  }
}

function keptOf(text: string): Kept | undefined {
  try {
    const { success, data } = keptSchema.safeParse(JSON.parse(text));
    return success && data.host === hostname() ? data : undefined;
  } catch {
    return undefined;
  }
}
