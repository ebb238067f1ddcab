// The playbook by which a person triggers a batch: one step, beside the file with its items. What the person chose goes in
// as parameters, never as text of the file, but for numbers. So the session that runs the batch is one like any other: it
// has a trace, can be run again and be resumed.

export const triggerFileNames = { playbook: "batch.playbook.yaml", items: "items.ndjson" } as const;

/** In the folder of a trace directory's batches: a folder for each trigger. */
export const triggerFolder = "triggered";

/** @param path of a playbook */
export function isTriggerPlaybook(path: string): boolean {
  const [file, , folder] = path.split(/[\\/]/).reverse();
  return file === triggerFileNames.playbook && folder === triggerFolder;
}

export interface TriggerParameters {
  /** Of the task, as a `batch` step takes it. */
  readonly task: string;
  /** Of the batch. */
  readonly name: string;
}

/** @param concurrency a whole number from 1 to 1,000 */
export function triggerPlaybook(concurrency: number): string {
  return `# Written when a batch was triggered, with its items beside it. Run it again to trigger the same batch anew.
name: Batch
params:
  task: { description: The task or playbook that is run for each item }
  name: { description: What the batch is called }
  items: { type: path, default: ${triggerFileNames.items}, description: An item a line }
steps:
  - id: batch
    name: Run the batch
    action: batch
    with:
      task: "{task}"
      name: "{name}"
      items: { file: "{items}" }
      concurrency: ${concurrency}
`;
}
