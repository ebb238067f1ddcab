// Owns what has to be disposed of one after the other, the last first: as many things as a test or a bench makes.
//
//   await using owned = new AsyncOwner();
//   const folder = owned.add(await makeTempDir());
export class AsyncOwner implements AsyncDisposable {
  readonly #owned: AsyncDisposable[] = [];

  add<Owned extends AsyncDisposable>(one: Owned): Owned {
    this.#owned.push(one);
    return one;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#owned.reverse()) await one[Symbol.asyncDispose]();
  }
}
