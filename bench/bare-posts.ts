import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { loadPipeline } from "../src/config/load.js";
import { loadProject } from "../src/config/project.js";
import type { PostItem, Target } from "../src/connectors/contract.js";
import { type HttpConnection, openConnection } from "../src/connectors/http/connection.js";
import type { HttpTargetOptions } from "../src/connectors/http/options.js";
import { compileRequest } from "../src/connectors/http/request.js";
import * as view from "../src/connectors/http/view.js";
import { connectors } from "../src/connectors/index.js";
import { decodeDocument } from "../src/model/document.js";
import { secondsSince } from "./measure.js";

// tsx bench/bare-posts.ts PROJECT FILE
// Posts the documents of FILE, a JSON list as a run noted them, to the target of the project, with no store: nothing is noted
// before or after. Prints the seconds from the first post to the closed target.
const [project = "", file = ""] = process.argv.slice(2);

export interface NotedDocument {
  readonly content: string;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
}

/** One call, of as many documents as the target takes at once. */
interface Poster {
  readonly batch: number;
  readonly concurrency: number;
  readonly post: (items: readonly PostItem[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

const clock = { now: () => new Date(), sleep: (ms: number): Promise<void> => wait(ms) };
const noted = JSON.parse(readFileSync(file, "utf8")) as NotedDocument[];
const items = noted.map(({ content, ...rest }): PostItem => ({ document: decodeDocument(content), ...rest }));
const poster = await openPoster();
const calls = Array.from({ length: Math.ceil(items.length / poster.batch) }, (_, n) =>
  items.slice(n * poster.batch, (n + 1) * poster.batch),
);

const from = process.hrtime.bigint();
let next = 0;
await Promise.all(
  Array.from({ length: poster.concurrency }, async () => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) await poster.post(call);
  }),
);
await poster.close();
console.log(secondsSince(from));

async function openPoster(): Promise<Poster> {
  const loaded = await loadProject(join(project, "sync.yaml"), { environment: null, env: process.env, connectors });
  if (loaded.value === null) throw new Error(JSON.stringify(loaded.problems));
  const pipeline = await loadPipeline(join(project, "pipelines/main.yaml"), loaded.value, { connectors });
  if (pipeline.value === null) throw new Error(JSON.stringify(pipeline.problems));
  const { connector, connectionOptions, options } = pipeline.value.target;
  if (connector.name === "http") return httpPoster(connectionOptions as HttpConnection, options as HttpTargetOptions);
  if (connector.target === undefined) throw new Error(`${connector.name} is no target`);
  const context = { ...clock, folder: project, timeZone: loaded.value.timeZone, signal: new AbortController().signal };
  return targetPoster(await connector.target.open(connectionOptions as never, options as never, context));
}

function targetPoster(target: Target): Poster {
  return {
    batch: target.traits.batch,
    concurrency: target.traits.concurrency,
    post: async (call) => {
      for (const { kind } of await target.post(call)) if (kind !== "created") throw new Error(`a document was ${kind}`);
    },
    close: async () => target.close?.(),
  };
}

/** Our HTTP client and the very bytes that a run sends, made beforehand; the answer is read as a plain script would. */
async function httpPoster(connection: HttpConnection, options: HttpTargetOptions): Promise<Poster> {
  const { client, name } = openConnection(connection, clock);
  const omitEmpty = options.empty === "omit";
  const request = compileRequest(options.post, { where: "post", shape: view.POST_SHAPE, omitEmpty, host: name });
  const filled = new Map(items.map((item) => [item, request.fill(view.postView(item))]));
  return {
    batch: 1,
    concurrency: connection.concurrency,
    post: async ([item]) => {
      const call = item === undefined ? undefined : filled.get(item);
      if (call === undefined) throw new Error("no such document");
      const reply = await client.send(call);
      if (reply.kind !== "answer" || reply.status !== 201) throw new Error(`a document was not created: ${JSON.stringify(reply)}`);
      const { number } = JSON.parse(reply.body.toString()) as { number?: string };
      if (number === undefined) throw new Error("the answer has no number");
    },
    close: () => client.close(),
  };
}
