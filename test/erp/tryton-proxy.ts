import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface LossyProxy {
  readonly url: string;
  /** Names of the methods whose answers were lost. */
  readonly lost: readonly string[];
  close(): void;
}

/**
 * Stands before a server and hangs up instead of passing on every nth answer: the server has done what it was asked, and nobody hears of it.
 * `before` sees the number of each call, from 1.
 */
export async function losingEvery(nth: number, target: string, before: (call: number) => void = () => {}): Promise<LossyProxy> {
  let calls = 0;
  const lost: string[] = [];
  const upstream = new URL(target);
  const server = createServer((incoming, outgoing) => {
    calls += 1;
    const isLost = calls % nth === 0;
    before(calls);
    let body = "";
    incoming.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    const { method, headers } = incoming;
    const passed = request({ host: upstream.hostname, port: upstream.port, path: incoming.url, method, headers }, (answer) => {
      if (!isLost) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      // Only when all of it is there, the server is through with the request.
      answer.resume().on("end", () => {
        lost.push((JSON.parse(body) as { method: string }).method);
        incoming.socket.destroy();
      });
    });
    passed.on("error", () => incoming.socket.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${upstream.pathname}`,
    lost,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
