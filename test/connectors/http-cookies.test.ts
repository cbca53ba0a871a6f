import { expect, test } from "vitest";
import { Cookies } from "../../src/connectors/http/cookies.js";
import { Network } from "../../src/connectors/http/network.js";
import { Redaction } from "../../src/connectors/http/redaction.js";
import { fixedSignIn } from "../../src/connectors/http/sign-in/grant.js";
import { type Exchanged, Transport } from "../../src/connectors/http/transport.js";
import { HttpClient } from "../../src/connectors/http.js";
import { aClock, afterThisTest, serve } from "./http-setup.js";

const NOW = new Date("2026-12-01T02:03:04Z");

function answer(...cookies: string[]) {
  return { kind: "answer", status: 200, headers: new Map([["set-cookie", cookies.join("\n")]]), body: Buffer.alloc(0) } as const;
}

test("cookies are kept by name, later ones count, and those that are over are forgotten", () => {
  const cookies = new Cookies();
  expect(cookies.header()).toBeNull();
  cookies.take(answer("a=1; path=/; HttpOnly", "b=x=y; Expires=Wed, 01 Dec 2027 00:00:00 GMT", "nonsense", "=v"), NOW);
  expect(cookies.header()).toBe("a=1; b=x=y");
  cookies.take(answer("a=2", "b=; expires=Thu, 01 Jan 1970 00:00:00 GMT"), NOW);
  expect(cookies.header()).toBe("a=2");
  cookies.take(answer("a=3; Max-Age=0; Expires=Wed, 01 Dec 2027 00:00:00 GMT"), NOW);
  expect(cookies.header()).toBeNull();
});

test("a grant is told what became of each of its requests, every cookie on its own", async () => {
  const server = await serve(() => ({ headers: { "set-cookie": ["a=1", "b=2; Expires=Wed, 01 Dec 2027 00:00:00 GMT"] as never } }));
  const cookies = new Cookies();
  const told: string[] = [];
  const ended = (exchanged: Exchanged): void => {
    told.push(exchanged.kind);
    if (exchanged.kind === "answer") cookies.take(exchanged, NOW);
  };
  const apply = (exchange: Parameters<Transport["send"]>[0]) => {
    const header = cookies.header();
    return header === null ? exchange : { ...exchange, headers: { ...exchange.headers, cookie: header } };
  };
  const clock = aClock();
  const redaction = new Redaction();
  const client = new HttpClient({
    base: new URL(server.url),
    concurrency: 1,
    rate: null,
    headers: {},
    signIn: fixedSignIn({ apply, ended }),
    isSignedOut: () => false,
    transport: new Transport({ timeoutMs: 2_000, maxResponseBytes: 1_000 }, new Network({}, redaction)),
    redaction,
    now: () => clock.now,
    sleep: async () => {},
  });
  afterThisTest(() => client.close());
  const call = { method: "GET", path: "/", headers: {}, body: null, name: "GET /" };
  await client.send(call);
  await client.send(call);
  await client.send({ ...call, at: new URL("http://127.0.0.1:1/") });
  expect(server.received.map(({ headers }) => headers.cookie)).toEqual([undefined, "a=1; b=2"]);
  expect(told).toEqual(["answer", "answer", "not sent"]);
});
