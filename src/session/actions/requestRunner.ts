// Sends the request of an `http` step. Its answer is recorded as it comes, up to a limit; redirects are followed here, so
// that what proves who asks never follows to another origin.

import { MaskedStream } from "../secrets/maskedStream";
import type { ActionContext, ActionResult } from "./actionRunner";
import { fetchFailure } from "./fetchFailure";
import { KeptOutput } from "./keptOutput";
import { readLimited } from "./limitedBody";

type Scalar = string | number | boolean;

export interface RequestInput {
  readonly method?: string | undefined;
  readonly url: string;
  readonly headers?: Readonly<Record<string, Scalar>> | undefined;
  readonly query?: Readonly<Record<string, Scalar | readonly Scalar[]>> | undefined;
  readonly json?: unknown;
  readonly body?: string | undefined;
  readonly form?: Readonly<Record<string, Scalar>> | undefined;
  readonly redirects?: number | undefined;
}

interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

const mostBodyBytes = 64 * 1024 * 1024;
/** Of the body so much is recorded. */
const mostRecordedBytes = 256 * 1024;
const defaultRedirects = 5;
const proofs = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"];
const hiddenHeaders: ReadonlySet<string> = new Set([...proofs, "set-cookie"]);
const textTypes =
  /^(?:text\/|application\/(?:[\w.+-]*json|[\w.+-]*xml|x-www-form-urlencoded|javascript|x-ndjson|yaml))/i;

export async function runRequest(input: RequestInput, context: ActionContext): Promise<ActionResult> {
  const { stop, services } = context;
  const request = requestOf(input, context);
  if (typeof request === "string") return { failure: request, output: "" };
  const { method, headers, body } = request;
  context.begin({
    kind: "tool",
    name: "http",
    input: { method, url: request.url, headers: shownHeaders(headers), ...(body === undefined ? {} : { body }) },
  });
  try {
    const found = await follow(request, input.redirects ?? defaultRedirects, context, stop.signal);
    if (typeof found === "string") return { failure: found, output: "" };
    return await read(found.response, found.url, context);
  } catch (error) {
    return { failure: fetchFailure(error, services.mask.text(request.url)), output: "" };
  }
}

/** A text says what is wrong with it. */
function requestOf(input: RequestInput, { texts }: ActionContext): OutgoingRequest | string {
  let url: URL;
  const address = texts.fillUrl(input.url);
  try {
    url = new URL(address);
  } catch {
    return `${address} is no address`;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return `${address} is no address of http or https`;
  for (const [name, value] of Object.entries(input.query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, texts.fill(String(each)));
  }
  const headers = new Headers();
  const { username, password } = url;
  if (username !== "" || password !== "") {
    // `fetch` takes no address with a name in it.
    const proof = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    headers.set("authorization", `Basic ${Buffer.from(proof).toString("base64")}`);
    url.username = "";
    url.password = "";
  }
  let body: string | undefined;
  if (input.json !== undefined) {
    headers.set("content-type", "application/json");
    body = JSON.stringify(texts.fillTyped(input.json));
  } else if (input.form !== undefined) {
    headers.set("content-type", "application/x-www-form-urlencoded");
    const fields = new URLSearchParams();
    for (const [name, value] of Object.entries(input.form)) fields.append(name, texts.fill(String(value)));
    body = fields.toString();
  } else if (input.body !== undefined) body = texts.fill(input.body);
  for (const [name, value] of Object.entries(input.headers ?? {})) {
    try {
      headers.set(name, texts.fill(String(value)));
    } catch {
      return `the header ${name} can't be sent as it is`;
    }
  }
  const method = input.method ?? (body === undefined ? "GET" : "POST");
  if (body !== undefined && (method === "GET" || method === "HEAD")) return `a ${method} request can't have a body`;
  return { method, url: url.href, headers, body };
}

async function follow(
  first: OutgoingRequest,
  mostRedirects: number,
  { services, scope }: ActionContext,
  signal: AbortSignal,
): Promise<{ readonly response: Response; readonly url: string } | string> {
  let request = first;
  for (let redirects = 0; ; redirects++) {
    const { method, url, headers, body } = request;
    const response = await services.fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: "manual",
      signal,
    });
    const location = response.headers.get("location");
    const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
    if (!isRedirect || mostRedirects === 0) return { response, url };
    await response.body?.cancel().catch(() => undefined);
    if (redirects === mostRedirects) return `more than ${mostRedirects} redirects`;
    const next = redirected(request, response.status, location);
    if (typeof next === "string") return next;
    scope.emit({ type: "actionNote", name: "http.redirect", attributes: { status: response.status, to: next.url } });
    request = next;
  }
}

function redirected({ method, url, headers, body }: OutgoingRequest, status: number, location: string) {
  const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
  if (next === undefined || (next.protocol !== "http:" && next.protocol !== "https:")) {
    return `redirected to ${location}, which is no address of http or https`;
  }
  const kept = new Headers(headers);
  if (next.origin !== new URL(url).origin) for (const name of proofs) kept.delete(name);
  const isRead = status === 303 ? method !== "HEAD" : status < 303 && method === "POST";
  if (!isRead) return { method, url: next.href, headers: kept, body };
  for (const name of ["content-type", "content-length"]) kept.delete(name);
  return { method: "GET", url: next.href, headers: kept, body: undefined };
}

async function read(response: Response, url: string, context: ActionContext): Promise<ActionResult> {
  const { scope, services } = context;
  const { status } = response;
  const type = response.headers.get("content-type") ?? "";
  const isText = type === "" || textTypes.test(type);
  const attributes = { "http.response.status_code": status, url, headers: shownHeaders(response.headers) };
  const kept = new KeptOutput(services.mask);
  const recorded = new RecordedBody(services.mask, (text) => scope.emit({ type: "actionText", text }));
  let failure: string | undefined;
  let bytes = 0;
  try {
    const body = await readLimited(response.body, mostBodyBytes, (piece) => {
      kept.add("stdout", piece);
      if (isText) recorded.add(piece);
    });
    bytes = body.bytes;
    if (body.isTooLong) failure = "the answer is longer than 64 MiB";
  } catch (error) {
    failure = fetchFailure(error, services.mask.text(url));
  }
  recorded.end();
  failure = (await context.unmetBy({ status })) ?? failure;
  return {
    ...kept.result(),
    ...(failure === undefined ? {} : { failure }),
    status,
    attributes: { ...attributes, bodyBytes: bytes, ...(recorded.isCut ? { recordedBytes: mostRecordedBytes } : {}) },
  };
}

function shownHeaders(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].map(([name, value]) => [name, hiddenHeaders.has(name) ? "•••" : value]));
}

/** What of a body goes into the trace: masked and as text, piece by piece. */
class RecordedBody {
  readonly #stream: MaskedStream;
  readonly #write: (text: string) => void;
  readonly #decoder = new TextDecoder();
  #bytes = 0;
  isCut = false;

  constructor(mask: ConstructorParameters<typeof MaskedStream>[0], write: (text: string) => void) {
    this.#stream = new MaskedStream(mask);
    this.#write = write;
  }

  add(bytes: Buffer): void {
    if (this.isCut) return;
    const left = mostRecordedBytes - this.#bytes;
    this.#bytes += bytes.length;
    this.isCut = bytes.length > left;
    this.#take(this.#stream.add(bytes.subarray(0, left)), false);
  }

  end(): void {
    // What is held back at a cut may be a half of a secret.
    this.#take(this.isCut ? Buffer.alloc(0) : this.#stream.end(), true);
  }

  #take(bytes: Buffer, isLast: boolean): void {
    const text = this.#decoder.decode(bytes, { stream: !isLast });
    if (text !== "") this.#write(text);
  }
}
