// Tells a recorder how its process ends, where the program asks for it. Whatever the program does about signals and
// exceptions stays as it is: its own handlers decide, Node's messages and exit codes are kept, and nothing fatal is
// survived because somebody listened.

/** The signals that end a process by default and can be heard. */
export const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type EndingSignal = (typeof endingSignals)[number];

export interface ProcessEnd {
  /** The process ends now; must be done when it returns. */
  crash(reason: string, signal?: string): void;
  /** Something happened that the program may survive. */
  note(name: string, attributes: Readonly<Record<string, unknown>>): void;
  /** Nothing is left to do, and nothing keeps the process: what is recorded may be brought to the disk. */
  idle(): void;
}

/** What is used of `process`. */
export interface HostProcess {
  readonly pid: number;
  prependListener(event: string, listener: (...args: never[]) => void): unknown;
  removeListener(event: string, listener: (...args: never[]) => void): unknown;
  listenerCount(event: string): number;
  kill(pid: number, signal: string): unknown;
  hasUncaughtExceptionCaptureCallback(): boolean;
}

/** @returns removes the handlers; may be called more than once */
export function installProcessHandlers(
  end: ProcessEnd,
  host: HostProcess = process as unknown as HostProcess,
): () => void {
  const removals: (() => void)[] = [];
  const listen = (event: string, listener: (...args: never[]) => void) => {
    host.prependListener(event, listener);
    removals.push(() => host.removeListener(event, listener));
  };
  let isRemoved = false;
  const remove = () => {
    isRemoved = true;
    for (const each of removals.splice(0)) each();
  };

  for (const signal of endingSignals) {
    const onSignal = () => {
      // The listeners that are asked next count how many there are, to see whether they are alone.
      host.removeListener(signal, onSignal);
      if (host.listenerCount(signal) === 0) {
        remove();
        end.crash(`The process was ended by ${signal}`, signal);
        // Without a listener the signal does what it does by default, and the exit status says so.
        host.kill(host.pid, signal);
        return;
      }
      end.note("tracekeeper.signal", { signal });
      setImmediate(() => {
        if (!isRemoved) host.prependListener(signal, onSignal);
      });
    };
    host.prependListener(signal, onSignal);
    removals.push(() => host.removeListener(signal, onSignal));
  }

  // Told before anybody decides, and of fatal rejections too: a listener for those would make them harmless.
  listen("uncaughtExceptionMonitor", (error: unknown, origin: string) => {
    const isHandled = host.listenerCount("uncaughtException") > 0 || host.hasUncaughtExceptionCaptureCallback();
    const kind = origin === "unhandledRejection" ? "Unhandled rejection" : "Uncaught exception";
    const message = `${kind}: ${describe(error)}`;
    if (isHandled)
      end.note("exception", { "exception.message": describe(error), "exception.stacktrace": stackOf(error) });
    else end.crash(message);
  });
  let wasIdle = false;
  listen("beforeExit", () => {
    // What this begins keeps the process a little longer, after which the event comes again.
    if (!wasIdle) end.idle();
    wasIdle = !wasIdle;
  });
  listen("exit", (code: number) => {
    end.crash(`Process exited before trace completed (exit code ${code})`);
  });
  return remove;
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "an error that can't be shown";
  }
}

function stackOf(error: unknown): string | undefined {
  try {
    return error instanceof Error ? error.stack : undefined;
  } catch {
    return undefined;
  }
}
