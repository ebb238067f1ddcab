// Which path each open descriptor belongs to, across renames.

export class FdPaths {
  readonly #paths = new Map<number, string>();

  opened(fd: number, path: string): void {
    this.#paths.set(fd, path);
  }

  closed(fd: number): void {
    this.#paths.delete(fd);
  }

  renamed(from: string, to: string): void {
    for (const [fd, path] of this.#paths) {
      if (path === from) this.#paths.set(fd, to);
      else if (path.startsWith(`${from}/`)) this.#paths.set(fd, to + path.slice(from.length));
    }
  }

  pathOf(fd: number): string {
    return this.#paths.get(fd) ?? `(descriptor ${fd}, which is not open)`;
  }

  paths(): string[] {
    return [...this.#paths.values()];
  }

  fds(): number[] {
    return [...this.#paths.keys()];
  }
}
