// The little of a trigger.dev installation that handing a batch on needs, with runs that a test moves on by hand. It lists
// the newest runs first, a few a page, and may fail as it is told to.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface InstalledRun {
  readonly id: string;
  readonly task: string;
  readonly tags: readonly string[];
  readonly payload: unknown;
  status: string;
  attemptCount: number;
  error?: string;
}

export interface Installation extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  /** By order of creation. */
  readonly runs: InstalledRun[];
  /** "POST /api/v3/batches" */
  readonly asked: string[];
  /** In place of the answer, while it is set. */
  answer: { readonly status: number; readonly body: string } | undefined;
  /** Runs of earlier items that are used in the place of new ones, by index. */
  reused: Readonly<Record<number, InstalledRun>>;
  /** Items of which no run is made. */
  errors: { readonly index: number; readonly error: string; readonly errorCode?: string }[];
}

const pageSize = 3;

export async function startInstallation(): Promise<Installation> {
  const key = "tr_dev_secret";
  const runs: InstalledRun[] = [];
  const asked: string[] = [];
  let isSealed = false;

  async function answerTo(request: IncomingMessage): Promise<object | undefined> {
    const url = new URL(request.url ?? "", "http://x");
    const text = await textOf(request);
    const route = `${request.method} ${url.pathname.replaceAll(/(?:batch|run)_\w+/g, ":id")}`;
    asked.push(route);
    if (request.headers.authorization !== `Bearer ${key}`) return undefined;
    switch (route) {
      case "POST /api/v3/batches":
        return { id: "batch_there", runCount: 1, isCached: isSealed };
      case "POST /api/v3/batches/:id/items": {
        const lines = text.split("\n").filter(Boolean);
        for (const line of lines) {
          const { index, task, payload, options } = JSON.parse(line) as {
            index: number;
            task: string;
            payload: unknown;
            options: { tags: string[] };
          };
          if (installation.errors.some((error) => error.index === index)) continue;
          const fresh = {
            id: `run_there${index}`,
            task,
            tags: options.tags,
            payload,
            status: "QUEUED",
            attemptCount: 0,
          };
          runs.push(installation.reused[index] ?? fresh);
        }
        isSealed = true;
        return { id: "batch_there", itemsAccepted: lines.length, itemsDeduplicated: 0, sealed: true };
      }
      case "GET /api/v2/batches/:id": {
        const completedAt = isSealed ? new Date().toISOString() : undefined;
        return { id: "batch_there", status: "PENDING", processing: { completedAt, errors: installation.errors } };
      }
      case "GET /api/v1/runs": {
        const newest = runs.toReversed();
        const from = newest.findIndex(({ id }) => id === url.searchParams.get("page[after]")) + 1;
        const page = newest.slice(from, from + pageSize);
        const next = from + pageSize < newest.length ? page.at(-1)?.id : undefined;
        return { data: page.map(shown), pagination: { next } };
      }
      case "GET /api/v3/runs/:id": {
        const run = runs.find(({ id }) => url.pathname.endsWith(id));
        return run && { ...shown(run), attemptCount: run.attemptCount, error: run.error && { message: run.error } };
      }
      case "POST /api/v2/runs/:id/cancel": {
        const run = runs.find(({ id }) => url.pathname.includes(id));
        if (run) run.status = "CANCELED";
        return { id: run?.id };
      }
      default:
        return undefined;
    }
  }

  const shown = (run: InstalledRun) => ({
    id: run.id,
    status: run.status,
    taskIdentifier: run.task,
    createdAt: new Date(runs.indexOf(run) * 1_000).toISOString(),
    isCompleted: !["QUEUED", "DELAYED", "EXECUTING"].includes(run.status),
    isSuccess: run.status === "COMPLETED",
    tags: run.tags,
  });

  const server = createServer((request, response) => {
    void answerTo(request).then((body) => {
      const { answer } = installation;
      if (answer !== undefined) response.writeHead(answer.status).end(answer.body);
      else if (body === undefined) response.writeHead(401).end(JSON.stringify({ error: "Invalid API key" }));
      else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const installation: Installation = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key,
    runs,
    asked,
    answer: undefined,
    reused: {},
    errors: [],
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return installation;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
