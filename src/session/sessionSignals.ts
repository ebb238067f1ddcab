// The signals that reach the session process. As a listener of them it survives them all: a signal is a reason to end the
// program, and the record of that comes before the end.

const heard = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"] as const;
export type HeardSignal = (typeof heard)[number];

/** @returns removes the listeners */
export function hearSignals(onSignal: (signal: HeardSignal) => void): () => void {
  // Windows has no SIGQUIT; there Ctrl+Break is what a person ends a program with.
  const names: readonly string[] = process.platform === "win32" ? ["SIGINT", "SIGBREAK", "SIGTERM", "SIGHUP"] : heard;
  const listeners = names.map((name) => {
    const listener = () => onSignal(name === "SIGBREAK" ? "SIGQUIT" : (name as HeardSignal));
    process.on(name, listener);
    return () => process.removeListener(name, listener);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}
