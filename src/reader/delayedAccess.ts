// Files of which it is told when they do not answer: a dead network mount settles no call, and whoever looks at the trace
// has to know why nothing comes.

import type { FileAccess, OpenFile } from "../store/fileAccess";

/** Calls of which the oldest has waited for so long are told of. A sound disk answers within a fraction of it. */
const usualDelayMs = 5_000;

export function delayedAccess(
  access: FileAccess,
  onDelay: (isDelayed: boolean) => void,
  delayMs = usualDelayMs,
): FileAccess {
  let late = 0;
  /** Settles as the call does. */
  const watched = async <Result>(call: Promise<Result>): Promise<Result> => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (++late === 1) onDelay(true);
    }, delayMs);
    timer.unref();
    try {
      return await call;
    } finally {
      clearTimeout(timer);
      if (isLate && --late === 0) onDelay(false);
    }
  };
  const watchedFile = (file: OpenFile): OpenFile => ({
    stat: () => watched(file.stat()),
    read: (into, offsetBytes) => watched(file.read(into, offsetBytes)),
    readSync: (into, offsetBytes) => file.readSync(into, offsetBytes),
    close: () => file.close(),
  });
  return {
    list: (directory) => watched(access.list(directory)),
    stat: (path) => watched(access.stat(path)),
    readLink: (path) => watched(access.readLink(path)),
    open: async (path) => watchedFile(await watched(access.open(path))),
    watch: (folder, onEvent, onError) => access.watch(folder, onEvent, onError),
  };
}
