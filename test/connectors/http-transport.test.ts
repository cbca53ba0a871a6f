import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, test } from "vitest";
import { aDocument, afterThisTest, aLine, itemOf, openHttp, postOne, problemOf, serve, serveRaw } from "./http-setup.js";

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{"number":"V-1"}';

/** Calls back with each complete request of a connection. */
function onRequests(socket: Socket, answer: (index: number) => void): void {
  let text = "";
  let count = 0;
  socket.on("data", (chunk) => {
    text += chunk.toString();
    for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      if (Buffer.byteLength(text.slice(end + 4)) < length) return;
      text = Buffer.from(text.slice(end + 4))
        .subarray(length)
        .toString();
      answer(count);
      count += 1;
    }
  });
}

describe("what certainly did not leave is busy", () => {
  test("connection refused", async () => {
    const outcome = await postOne(openHttp("http://127.0.0.1:1"));
    expect(outcome).toMatchObject({ kind: "busy", retryAfterMs: null, problem: { code: "TARGET_BUSY" } });
    expect(problemOf(outcome).message).toBe("POST 127.0.0.1:1/vouchers: the connection was refused (ECONNREFUSED); nothing was sent");
  });

  test("a host name that does not exist", async () => {
    const posting = postOne(openHttp("https://erp.invalid"));
    await expect(posting).rejects.toThrow(/`erp\.invalid`: the host name (is not known|cannot be looked up now) .*; nothing was sent/);
  });

  test("a TLS handshake that ends in nothing", async () => {
    const { url } = await serveRaw((socket) => socket.once("data", () => socket.destroy()));
    const outcome = await postOne(openHttp(url.replace("http:", "https:")));
    expect(outcome.kind).toBe("busy");
  });

  test("a TLS handshake that is refused", async () => {
    const server = createTlsServer({}, () => {});
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    afterThisTest(() => server.close());
    const outcome = await postOne(openHttp(`https://127.0.0.1:${(server.address() as AddressInfo).port}`));
    expect(outcome.kind).toBe("busy");
    expect(problemOf(outcome).message).toMatch(/nothing was sent$/);
  });

  test("a connection that never comes about", async () => {
    // Packets to this network (RFC 5737) go nowhere.
    const outcome = await postOne(openHttp("https://192.0.2.1", { connection: { timeout: "300ms" } }));
    expect(outcome.kind).toBe("busy");
  });
});

describe("what may have been read is unconfirmed, whatever comes after", () => {
  const cases: [string, (socket: Socket) => void][] = [
    ["closed at once after connecting", (socket) => socket.destroy()],
    ["closed in good order at once after connecting", (socket) => socket.end()],
    ["closed when the first bytes are there", (socket) => socket.once("data", () => socket.destroy())],
    ["reset when the first bytes are there", (socket) => socket.once("data", () => socket.resetAndDestroy())],
    ["read whole, then closed without an answer", (socket) => onRequests(socket, () => socket.end())],
    ["read whole, then reset", (socket) => onRequests(socket, () => socket.resetAndDestroy())],
    ["closed in the middle of the status line", (socket) => onRequests(socket, () => socket.end("HTTP/1.1 20"))],
    ["closed in the middle of the headers", (socket) => onRequests(socket, () => socket.end("HTTP/1.1 200 OK\r\ncontent-le"))],
    ["closed in the middle of the body", (socket) => onRequests(socket, () => socket.end(OK.slice(0, -3)))],
    [
      "closed in the middle of a chunk",
      (socket) => onRequests(socket, () => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"number":"V-1"')),
    ],
    [
      "closed before the last chunk",
      (socket) => onRequests(socket, () => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{"number":"V-1"}\r\n')),
    ],
    [
      "a refusal whose body is cut short",
      (socket) => onRequests(socket, () => socket.end("HTTP/1.1 422 No\r\ncontent-length: 99\r\n\r\n{")),
    ],
    ["an answer that is not HTTP", (socket) => onRequests(socket, () => socket.end("220 smtp.example.com ESMTP\r\n"))],
    ["headers without end", (socket) => onRequests(socket, () => socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(40_000)}`))],
  ];
  test.each(cases)("%s", async (_, behave) => {
    const { url, connections } = await serveRaw(behave);
    const outcome = await postOne(openHttp(url));
    expect(outcome).toMatchObject({ kind: "unconfirmed", problem: { code: "TARGET_UNCONFIRMED", at: [{ document: "BX-001" }] } });
    // Sent once: no second connection was even tried.
    expect(connections()).toBe(1);
  });

  test("a body without a length that ends early is not mistaken for an answer", async () => {
    const { url } = await serveRaw((socket) => onRequests(socket, () => socket.end('HTTP/1.1 200 OK\r\n\r\n{"number":"V-')));
    const outcome = await postOne(openHttp(url));
    expect(problemOf(outcome).message).toBe(`POST ${new URL(url).host}/vouchers: HTTP 200, but its answer is not JSON: {"number":"V-`);
  });

  test.each([
    ["no answer at all", () => {}],
    ["an answer that stops after the headers", (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n")],
    [
      "an answer that comes one byte at a time",
      (socket: Socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        const drip = setInterval(() => socket.write(" "), 20);
        socket.on("close", () => clearInterval(drip));
      },
    ],
  ])("%s is given up after the time-out", async (_, behave) => {
    const { url } = await serveRaw((socket) => onRequests(socket, () => behave(socket)));
    const begun = performance.now();
    const outcome = await postOne(openHttp(url, { connection: { timeout: "250ms" } }));
    expect(performance.now() - begun).toBeLessThan(1500);
    expect(problemOf(outcome)).toMatchObject({
      code: "TARGET_UNCONFIRMED",
      message: expect.stringContaining("no complete answer within 250 ms"),
    });
  });

  test("a request that was only half written", async () => {
    const { url } = await serveRaw((socket) => {
      socket.once("data", () => {
        socket.pause();
        setTimeout(() => socket.resetAndDestroy(), 50);
      });
    });
    const large = aDocument({ lines: Array.from({ length: 40_000 }, () => aLine({ text: "差旅费".repeat(100) })) });
    const outcome = await postOne(
      openHttp(url, { target: { post: { method: "POST", path: "/", body: "$.lines", reference: "$.number" } } }),
      itemOf(large),
    );
    expect(outcome.kind).toBe("unconfirmed");
  });

  test("an answer that is too long", async () => {
    const { url } = await serve(() => ({ body: JSON.stringify({ number: "V-1", more: "x".repeat(5000) }) }));
    const outcome = await postOne(openHttp(url, { connection: { max_response: 2000 } }));
    expect(problemOf(outcome).message).toContain("the answer is longer than 2000 bytes");
  });
});

describe("kept connections", () => {
  test("are used again", async () => {
    const { url, connections } = await serveRaw((socket) => onRequests(socket, () => socket.write(OK)));
    const target = openHttp(url);
    for (let n = 0; n < 50; n += 1) expect((await postOne(target)).kind).toBe("created");
    // A call that follows at once finds the first connection not yet back in the pool.
    expect(connections()).toBeLessThanOrEqual(2);
  });

  test("one that the server closed while it was idle is left alone: the next call goes over a new one", async () => {
    const { url, connections } = await serveRaw((socket) =>
      onRequests(socket, () => {
        socket.write(OK);
        setTimeout(() => socket.end(), 20);
      }),
    );
    const target = openHttp(url);
    for (let n = 0; n < 3; n += 1) {
      expect((await postOne(target)).kind).toBe("created");
      await wait(60);
    }
    expect(connections()).toBe(3);
  });

  test("one whose end is already here when we send is not written to", async () => {
    const { url, connections } = await serveRaw((socket) => onRequests(socket, () => socket.end(OK)));
    const target = openHttp(url);
    // The server closes with its answer, without saying so; no time passes before the next call.
    for (let n = 0; n < 20; n += 1) expect((await postOne(target)).kind).toMatch(/created|unconfirmed/);
    expect(connections()).toBe(20);
  });

  test("one that the server closes just as we send: nobody can know, so it is unconfirmed and not sent again", async () => {
    let requests = 0;
    const { url, connections } = await serveRaw((socket) =>
      onRequests(socket, (index) => {
        requests += 1;
        if (index === 0) socket.write(OK);
        else socket.resetAndDestroy();
      }),
    );
    const target = openHttp(url);
    expect((await postOne(target)).kind).toBe("created");
    await wait(20);
    expect((await postOne(target)).kind).toBe("unconfirmed");
    expect([requests, connections()]).toEqual([2, 1]);
  });

  test("however the race ends, a call is read at most once, and one that was not answered is not called sent", async () => {
    let read = 0;
    const { url } = await serveRaw((socket) =>
      onRequests(socket, () => {
        read += 1;
        socket.write(OK);
        const delay = read % 4;
        setTimeout(() => (read % 2 === 0 ? socket.destroy() : socket.end()), delay);
      }),
    );
    const target = openHttp(url);
    let created = 0;
    let unconfirmed = 0;
    for (let n = 0; n < 150; n += 1) {
      const { kind } = await postOne(target);
      if (kind === "created") created += 1;
      else if (kind === "unconfirmed") unconfirmed += 1;
      else throw new Error(`unexpected ${kind}`);
      if (n % 3 === 0) await wait(n % 5);
    }
    expect(created + unconfirmed).toBe(150);
    expect(read).toBeGreaterThanOrEqual(created);
    expect(read).toBeLessThanOrEqual(150);
  });
});

describe("redirects", () => {
  test.each([301, 302, 303, 307, 308])("%i is not followed, and carries nothing to another host", async (status) => {
    const other = await serve(() => ({ body: { number: "V-9" } }));
    const { url, received } = await serve(() => ({ status, headers: { location: `${other.url}/vouchers` } }));
    const target = openHttp(url, { connection: { auth: { bearer: { token: "tok-8f3e1c77aa" } } } });
    expect((await postOne(target)).kind).toBe("unconfirmed");
    expect(received.length).toBe(1);
    expect(other.received).toEqual([]);
  });
});

test("a hundred calls at once: each is answered, and no more are under way than allowed", async () => {
  let running = 0;
  let most = 0;
  const { url, received } = await serve(async ({ body }) => {
    running += 1;
    most = Math.max(most, running);
    await wait(5);
    running -= 1;
    return { body: { number: `N-${(JSON.parse(body) as { text: string }).text}` } };
  });
  const target = openHttp(url, { connection: { concurrency: 8 } });
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, n) => postOne(target, itemOf(aDocument({ key: `K-${n}`, text: String(n) })))),
  );
  expect(outcomes.map((outcome) => "reference" in outcome && outcome.reference)).toEqual(outcomes.map((_, n) => `N-${n}`));
  expect(received.length).toBe(100);
  expect(most).toBe(8);
});

test("what comes before the answer is not the answer", async () => {
  const early = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
  const { url } = await serveRaw((socket) => onRequests(socket, () => socket.write(early + OK)));
  expect(await postOne(openHttp(url))).toEqual({ kind: "created", reference: "V-1" });
  const cut = await serveRaw((socket) => onRequests(socket, () => socket.end(early)));
  expect((await postOne(openHttp(cut.url))).kind).toBe("unconfirmed");
});

test("closing waits for the call under way", async () => {
  const { url } = await serve(async () => {
    await wait(60);
    return { body: { number: "V-1" } };
  });
  const target = openHttp(url);
  const outcome = postOne(target);
  await wait(20);
  await target.close?.();
  expect((await outcome).kind).toBe("created");
});
