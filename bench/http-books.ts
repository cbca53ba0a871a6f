import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

// tsx bench/http-books.ts 20
// Books in memory behind a JSON API, in a process of their own: each voucher gets a number, after so many milliseconds.
// Prints its address. `GET /count` tells how many it holds, `DELETE /` empties them.
const latencyMs = Number(process.argv[2]);
const numbers = new Map<string, string>();
let newest: string | null = null;

function answer(method: string, url: URL, body: string): readonly [status: number, answer: unknown] {
  if (method === "DELETE") {
    numbers.clear();
    newest = null;
    return [200, { count: 0 }];
  }
  if (url.pathname === "/count") return [200, { count: numbers.size }];
  if (method === "GET" && url.pathname === "/newest") return [200, { externalId: newest }];
  if (method === "GET") {
    const externalId = url.searchParams.get("externalId") ?? "";
    const number = numbers.get(externalId);
    return [200, { data: number === undefined ? [] : [{ externalId, number }] }];
  }
  const { externalId, lines } = JSON.parse(body) as { externalId: string; lines: { debit: string | null; credit: string | null }[] };
  const total = lines.reduce((sum, { debit, credit }) => sum + cents(debit) - cents(credit), 0n);
  if (total !== 0n) return [422, { message: "not balanced" }];
  if (numbers.has(externalId)) return [409, { message: "there already" }];
  const number = `V-${numbers.size + 1}`;
  numbers.set(externalId, number);
  newest = externalId;
  return [201, { number }];
}

/** Amounts come with two places. */
function cents(amount: string | null): bigint {
  return BigInt((amount ?? "0").replace(".", ""));
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const server = createServer((request, response) => {
  void (async () => {
    const body = await read(request);
    if (latencyMs > 0) await wait(latencyMs);
    const [status, content] = answer(request.method ?? "", new URL(request.url ?? "", "http://books"), body);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(content));
  })();
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
