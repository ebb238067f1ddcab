// Where the playbook of a recorded run is. The trace tells its path with secrets masked, and then the files are looked
// through that it fits.

import { filesOfMaskedPath } from "../../store/maskedFiles";
import { fitsMasked, isMasked } from "../../trace/maskedText";
import { readPlaybook } from "../playbookFile";
import { type RecordedRun, ResumeError } from "./recordedRun";

/** Rejects with a `ResumeError` where it can't be told which one it is. */
export async function playbookOfRun({ path, name }: Pick<RecordedRun, "path" | "name">): Promise<string> {
  if (!isMasked(path)) return path;
  const sound: { readonly file: string; readonly name: string }[] = [];
  for (const file of await filesOfMaskedPath(path)) {
    const playbook = await readPlaybook(file);
    if (playbook !== undefined) sound.push({ file, name: playbook.name });
  }
  // It may be called something else by now.
  const same = sound.filter((each) => fitsMasked(name, each.name));
  const [first, other] = same.length > 0 ? same : sound;
  if (first !== undefined && other === undefined) return first.file;
  const why = first === undefined ? "no playbook fits it" : "several playbooks fit it";
  throw new ResumeError(`the path of the playbook holds a secret, which no trace holds, and ${why}: ${path}`, "path");
}
