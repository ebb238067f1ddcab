// A folder of its own for a test, removed afterwards. Two ways to own it:
//
//   const folder = await makeTempDir();        // `await folder.remove()` when done
//   await using folder = await makeTempDir();  // removed at the end of the block, also when the test throws
//
// The path has its symbolic links resolved, so that it equals what a watcher or VS Code reports.
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TempDir extends AsyncDisposable {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** Absolute path of a file or folder below; nothing is created. */
  join(...segments: string[]): string;
  /** Writes a file and the folders above it; returns its absolute path. */
  write(relativePath: string, content: string | Uint8Array): Promise<string>;
  /** It is removed, or is being removed: what still runs in it fails from now on. */
  readonly isRemoved: boolean;
  /** Removes the folder and what is in it; safe to call twice. */
  remove(): Promise<void>;
}

export async function makeTempDir(prefix = "tracekeeper-"): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  let isRemoved = false;
  const remove = () => {
    isRemoved = true;
    return rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  return {
    path,
    get isRemoved() {
      return isRemoved;
    },
    join: (...segments) => join(path, ...segments),
    async write(relativePath, content) {
      const file = join(path, relativePath);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
    remove,
    [Symbol.asyncDispose]: remove,
  };
}
