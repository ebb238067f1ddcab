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

/** The handlers of one process, shared by all sessions that asked for them: they must not count each other as the program's. */
interface Shared {
  readonly ends: Set<ProcessEnd>;
  remove(): void;
}

const sharedByProcess = new WeakMap<HostProcess, Shared>();

/** @returns removes the handlers; may be called more than once */
export function installProcessHandlers(
  end: ProcessEnd,
  host: HostProcess = process as unknown as HostProcess,
): () => void {
  const shared = sharedByProcess.get(host) ?? listen(host);
  sharedByProcess.set(host, shared);
  shared.ends.add(end);
  return () => {
    if (!shared.ends.delete(end) || shared.ends.size > 0) return;
    shared.remove();
    if (sharedByProcess.get(host) === shared) sharedByProcess.delete(host);
  };
}

function listen(host: HostProcess): Shared {
  const ends = new Set<ProcessEnd>();
  const each = (tell: (end: ProcessEnd) => void) => {
    // A crash removes its session from the set.
    for (const end of [...ends]) tell(end);
  };
  const removals: (() => void)[] = [];
  let isRemoved = false;
  const remove = () => {
    isRemoved = true;
    for (const removal of removals.splice(0)) removal();
  };
  const on = (event: string, listener: (...args: never[]) => void) => {
    host.prependListener(event, listener);
    removals.push(() => host.removeListener(event, listener));
  };

  for (const signal of endingSignals) {
    const onSignal = () => {
      // The listeners that are asked next count how many there are, to see whether they are alone.
      host.removeListener(signal, onSignal);
      if (host.listenerCount(signal) === 0) {
        remove();
        each((end) => end.crash(`The process was ended by ${signal}`, signal));
        // Without a listener the signal does what it does by default, and the exit status says so.
        host.kill(host.pid, signal);
        return;
      }
      each((end) => end.note("tracekeeper.signal", { signal }));
      setImmediate(() => {
        if (!isRemoved) host.prependListener(signal, onSignal);
      });
    };
    on(signal, onSignal);
  }

  // Told before anybody decides, and of fatal rejections too: a listener for those would make them harmless.
  on("uncaughtExceptionMonitor", (error: unknown, origin: string) => {
    const isHandled = host.listenerCount("uncaughtException") > 0 || host.hasUncaughtExceptionCaptureCallback();
    const kind = origin === "unhandledRejection" ? "Unhandled rejection" : "Uncaught exception";
    const attributes = { "exception.message": describe(error), "exception.stacktrace": stackOf(error) };
    each((end) => (isHandled ? end.note("exception", attributes) : end.crash(`${kind}: ${describe(error)}`)));
  });
  let wasIdle = false;
  on("beforeExit", () => {
    // What this begins keeps the process a little longer, after which the event comes again.
    if (!wasIdle) each((end) => end.idle());
    wasIdle = !wasIdle;
  });
  on("exit", (code: number) => {
    each((end) => end.crash(`Process exited before trace completed (exit code ${code})`));
  });
  return { ends, remove };
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
