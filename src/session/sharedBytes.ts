// Memory that several sessions share: what one has taken, the others can't have.

export class SharedBytes {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get takenBytes(): number {
    return this.#taken;
  }

  /** More is taken than there is. */
  get isShort(): boolean {
    return this.#taken > this.#most;
  }

  /** @returns false where there is not so much left */
  tryTake(bytes: number): boolean {
    if (this.#taken + bytes > this.#most) return false;
    this.#taken += bytes;
    return true;
  }

  /** The little that nobody can do without. */
  take(bytes: number): void {
    this.#taken += bytes;
  }

  release(bytes: number): void {
    this.#taken -= bytes;
  }
}
