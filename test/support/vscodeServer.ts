// A real VS Code (the server inside code-server) with the packaged extension, on a workspace of its own:
//
//   await using vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder") });
//   const workbench = await openWorkbench(browser, vscode.url());   // see workbench.ts
//   await vscode.workspace.write(".tracekeeper/traces/ses_x.json", "...");
//
// Each start has its own data folder, extensions folder and workspace (a copy of the sample workspace unless a folder is
// named), listens on a free loopback port, and ends only the processes it started. `workspaceTrust: true` asks for trust
// as a person's VS Code does, which is how Restricted Mode is reached; otherwise every workspace is trusted.
import { cp } from "node:fs/promises";
import { createSampleWorkspace } from "../../scripts/lib/sampleWorkspace.mjs";
import { startServer } from "../../scripts/lib/vscodeServer.mjs";
import { makeTempDir } from "./tempDir";

export interface VscodeRequest {
  /** Holds the installed extensions; it is copied, so runs share nothing. None leaves VS Code without extensions. */
  readonly extensionsFolder?: string | undefined;
  /** An existing folder to open instead of a fresh sample workspace; it is left as it is afterwards. */
  readonly workspaceFolder?: string | undefined;
  /** False leaves the sample traces out of the sample workspace. */
  readonly sampleTraces?: boolean | undefined;
  /** Machine settings, on top of those of a quiet workbench. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  readonly workspaceTrust?: boolean | undefined;
  /** Added to the environment of the server, the extension host and the terminals. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface RunningVscode extends AsyncDisposable {
  readonly port: number;
  readonly processId: number;
  /** Absolute path of the opened folder. */
  readonly workspaceFolder: string;
  /** The server's data folder: settings, logs, global storage of extensions. */
  readonly dataFolder: string;
  /** The address of the workbench with the workspace open, or with another folder. */
  url(folder?: string): string;
  /** What the server wrote so far, for the message of a failed test. */
  output(): string;
  /** Ends VS Code and removes its folders; safe to call twice. */
  stop(): Promise<void>;
}

export async function startVscode(request: VscodeRequest = {}): Promise<RunningVscode> {
  const folder = await makeTempDir("tracekeeper-vscode-");
  try {
    const extensionsFolder = folder.join("extensions");
    if (request.extensionsFolder !== undefined) {
      await cp(request.extensionsFolder, extensionsFolder, { recursive: true });
    }
    const workspaceFolder =
      request.workspaceFolder ??
      (await createSampleWorkspace(folder.join("workspace"), { traces: request.sampleTraces ?? true }));
    const dataFolder = folder.join("data");
    const server = await startServer({
      dataFolder,
      extensionsFolder,
      workspaceTrust: request.workspaceTrust ?? false,
      settings: request.settings ?? {},
      env: request.env ?? {},
    });
    const stop = async () => {
      await server.stop();
      await folder.remove();
    };
    return {
      port: server.port,
      processId: server.processId,
      workspaceFolder,
      dataFolder,
      url: (other) => server.url(other ?? workspaceFolder),
      output: () => server.output(),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
