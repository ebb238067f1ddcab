import { describe, expect, it } from "vitest";
import { PartedText } from "../../../src/trace/textPart";
import { HostConnection } from "../../../webview/model/hostConnection";
import { type TextAddress, TextLoader } from "../../../webview/model/textLoader";

interface Request {
  readonly id: number;
  readonly params: { readonly from: number; readonly length: number };
}

/** A loader whose host answers when told to. */
class Desk {
  readonly requests: Request[] = [];
  readonly loader: TextLoader;
  replaced = 0;
  #receive: (data: unknown) => void = () => {};

  constructor() {
    const api = {
      postMessage: (message: unknown) => {
        if ((message as { method?: string }).method === "payload") this.requests.push(message as Request);
      },
      getState: () => undefined,
      setState: () => {},
    };
    const connection = new HostConnection(api);
    const target = {
      addEventListener: (_type: string, listener: (event: { data: unknown }) => void) => {
        this.#receive = (data) => listener({ data });
      },
    };
    connection.listen(target as unknown as Window, () => {});
    this.loader = new TextLoader(
      connection,
      () => {},
      () => {
        this.replaced++;
      },
    );
  }

  async answer(text: PartedText | undefined): Promise<void> {
    const request = this.requests.shift();
    if (request === undefined) throw new Error("Nothing was asked");
    const { from, length } = request.params;
    const { id } = request;
    if (text === undefined) this.#receive({ type: "reply", id, ok: false, stale: false, error: "gone" });
    else this.#receive({ type: "reply", id, ok: true, result: text.part(from, length) });
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }

  get text(): string {
    return this.loader.parts.map((part) => part.text).join("");
  }
}

const address: TextAddress = { epoch: 1, row: 3, field: "output" };
const source = new PartedText("0123456789".repeat(300_000));

describe("TextLoader", () => {
  it("fetches the next part, larger each time, and counts bytes", async () => {
    const desk = new Desk();
    desk.loader.begin(address, source.part(0, 65_536));
    void desk.loader.more();
    expect(desk.requests[0]?.params).toMatchObject({ from: 65_536, length: 262_144, row: 3, field: "output" });
    expect(desk.loader.isLoading).toBe(true);
    await desk.answer(source);
    expect(desk.loader.isLoading).toBe(false);
    expect([desk.loader.length, desk.loader.bytes, desk.loader.totalBytes]).toEqual([327_680, 327_680, 3_000_000]);
    void desk.loader.more();
    expect(desk.requests[0]?.params.length).toBe(327_680);
    await desk.answer(source);
    expect(desk.text).toBe(source.text.slice(0, 655_360));
  });

  it("fetches all in parts of at most a megabyte, shows each, and stops when told", async () => {
    const desk = new Desk();
    desk.loader.begin(address, source.part(0, 65_536));
    void desk.loader.all();
    expect(desk.loader.isLoadingAll).toBe(true);
    await desk.answer(source);
    expect(desk.loader.length).toBe(65_536 + 1_048_576);
    await desk.answer(source);
    desk.loader.stop();
    await desk.answer(source);
    expect(desk.loader.isLoadingAll).toBe(false);
    expect(desk.loader.length).toBe(65_536 + 2 * 1_048_576);
    expect(desk.requests).toEqual([]);
    void desk.loader.all();
    await desk.answer(source);
    expect(desk.text === source.text).toBe(true);
    expect(desk.loader.isLoading).toBe(false);
  });

  it("keeps what is on the screen until as much of a newer text is here", async () => {
    const desk = new Desk();
    desk.loader.begin(address, source.part(0, 65_536));
    void desk.loader.more();
    await desk.answer(source);
    const newer = new PartedText(`${source.text}more`);
    desk.loader.begin(address, newer.part(0, 65_536));
    expect(desk.loader.length).toBe(327_680);
    await desk.answer(newer);
    expect([desk.loader.length, desk.loader.totalLength]).toEqual([327_680, 3_000_004]);
    const other = new PartedText("short");
    desk.loader.begin({ ...address, row: 4 }, other.part(0, 65_536));
    expect(desk.text).toBe("short");
  });

  it("asks for the text anew where a part is of another one", async () => {
    const desk = new Desk();
    desk.loader.begin(address, source.part(0, 65_536));
    void desk.loader.more();
    await desk.answer(new PartedText(`${source.text}more`));
    expect([desk.replaced, desk.loader.length, desk.loader.isLoading]).toEqual([1, 65_536, false]);
  });

  it("says when a part could not be read, and tries again when asked", async () => {
    const desk = new Desk();
    desk.loader.begin(address, source.part(0, 65_536));
    void desk.loader.more();
    await desk.answer(undefined);
    expect([desk.loader.hasFailed, desk.loader.isLoading, desk.loader.length]).toEqual([true, false, 65_536]);
    void desk.loader.more();
    await desk.answer(source);
    expect([desk.loader.hasFailed, desk.loader.length]).toEqual([false, 327_680]);
  });

  it("drops an answer that comes after another text was begun", async () => {
    const desk = new Desk();
    desk.loader.begin(address, source.part(0, 65_536));
    void desk.loader.more();
    desk.loader.begin({ ...address, row: 9 }, new PartedText("other").part(0, 65_536));
    await desk.answer(source);
    expect(desk.text).toBe("other");
  });
});
