// The reader worker as it is shipped, built by the build of the product.
//
//   await using reader = await buildReader();
//   const client = new ReaderClient({ connect: () => workerPort(reader.program), ... });
import { build } from "../../esbuild.mjs";
import { makeTempDir } from "./tempDir";

export interface BuiltReader extends AsyncDisposable {
  /** Path of `reader.js`. */
  readonly program: string;
}

export interface BuiltPrograms extends BuiltReader {
  /** Path of `partScanner.js`, which lies beside it. */
  readonly partScanner: string;
}

export async function buildReader(): Promise<BuiltPrograms> {
  const folder = await makeTempDir();
  await build({ names: ["reader", "partScanner"], outputFolder: folder.path, quiet: true });
  const [program, partScanner] = [folder.join("reader.js"), folder.join("partScanner.js")];
  return { program, partScanner, [Symbol.asyncDispose]: folder.remove };
}
