import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { HttpConnection } from "../../src/connectors/http/connection.js";
import {
  aClock,
  aDocument,
  itemOf,
  LOOKUP,
  openHttp,
  POST,
  postOne,
  problemOf,
  type Received,
  type Reply,
  SECRETS,
  serve,
  thrownBy,
} from "./http-setup.js";

const OK: Reply = { body: { number: "V-1" } };
type Auth = NonNullable<HttpConnection["auth"]>;

describe("credentials that do not change", () => {
  const cases: [string, Auth, (request: Received) => unknown, unknown][] = [
    [
      "basic",
      { basic: { user: "同步", password: SECRETS.password } },
      ({ headers }) => Buffer.from((headers.authorization ?? "").slice("Basic ".length), "base64").toString(),
      `同步:${SECRETS.password}`,
    ],
    ["bearer", { bearer: { token: SECRETS.token } }, ({ headers }) => headers.authorization, `Bearer ${SECRETS.token}`],
    [
      "a key in a header",
      { api_key: { header: "X-API-Key", value: SECRETS.apiKey } },
      ({ headers }) => headers["x-api-key"],
      SECRETS.apiKey,
    ],
    [
      "a key in the query",
      { api_key: { query: "access_token", value: SECRETS.apiKey } },
      ({ url }) => [url.split("?")[0], [...new URLSearchParams(url.split("?")[1])]],
      [
        "/vouchers",
        [
          ["a", "1"],
          ["access_token", SECRETS.apiKey],
        ],
      ],
    ],
  ];
  test.each(cases)("%s", async (_, auth, found, expected) => {
    const { url, received } = await serve(() => OK);
    const target = openHttp(url, { connection: { auth }, target: { post: { ...POST, path: "/vouchers?a=1" } } });
    expect((await postOne(target)).kind).toBe("created");
    expect(received.map(found)).toEqual([expected]);
  });

  test("a 401 stops at once: the same again would be refused again, and may lock the account", async () => {
    const { url, received } = await serve(({ headers }) => ({ status: 401, body: `who is ${headers.authorization}?` }));
    const target = openHttp(url, { connection: { auth: { bearer: { token: SECRETS.token } } } });
    const problem = await thrownBy(() => postOne(target));
    expect(problem).toMatchObject({
      code: "TARGET_SIGN_IN",
      message: `POST ${new URL(url).host}/vouchers: it does not let us in (HTTP 401): who is Bearer •••?`,
    });
    expect(received.length).toBe(1);
  });
});

interface TokenServer {
  readonly url: string;
  readonly received: Received[];
  readonly tokens: string[];
}

/** Gives a new token each time, unless told otherwise. */
async function tokenServer(
  reply: (count: number) => Reply | undefined = () => undefined,
  extra: object = { expires_in: 3600 },
): Promise<TokenServer> {
  const tokens: string[] = [];
  const served = await serve(async () => {
    await wait(10);
    const told = reply(served.received.length);
    if (told !== undefined) return told;
    tokens.push(`${SECRETS.accessToken}${tokens.length + 1}`);
    return { body: { access_token: tokens.at(-1), token_type: "Bearer", ...extra } };
  });
  return { ...served, tokens };
}

const oauth = (tokens: { url: string }, more: Partial<NonNullable<Auth["oauth2"]>> = {}): Auth => ({
  oauth2: {
    token_url: `${tokens.url}/token?tenant=1`,
    client_id: "sy nc",
    client_secret: SECRETS.clientSecret,
    send_in: "header",
    ...more,
  },
});

describe("OAuth 2.0 client credentials", () => {
  test("id and secret in a Basic header, form-encoded as the standard says", async () => {
    const tokens = await tokenServer();
    const { url, received } = await serve(() => OK);
    const target = openHttp(url, { connection: { auth: oauth(tokens, { scope: "a b", audience: "https://erp" }) } });
    expect((await postOne(target)).kind).toBe("created");
    expect(received[0]?.headers.authorization).toBe(`Bearer ${SECRETS.accessToken}1`);
    const asked = tokens.received[0];
    expect(asked).toMatchObject({
      method: "POST",
      url: "/token?tenant=1",
      body: "grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Ferp",
    });
    expect(asked?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    const basic = Buffer.from((asked?.headers.authorization ?? "").slice("Basic ".length), "base64").toString();
    expect(basic).toBe("sy+nc:cs%22quoted%22-99d1");
  });

  test("or in the body", async () => {
    const tokens = await tokenServer();
    const { url } = await serve(() => OK);
    await postOne(openHttp(url, { connection: { auth: oauth(tokens, { send_in: "body" }) } }));
    expect(Object.fromEntries(new URLSearchParams(tokens.received[0]?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "sy nc",
      client_secret: SECRETS.clientSecret,
    });
    expect(tokens.received[0]?.headers.authorization).toBeUndefined();
  });

  test("a hundred callers share one token request, and one token", async () => {
    const tokens = await tokenServer();
    const { url, received } = await serve(() => OK);
    const target = openHttp(url, { connection: { auth: oauth(tokens), concurrency: 50 } });
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, n) => postOne(target, itemOf(aDocument({ key: `K-${n}` })))));
    expect(outcomes.every(({ kind }) => kind === "created")).toBe(true);
    expect(tokens.received.length).toBe(1);
    expect(new Set(received.map(({ headers }) => headers.authorization)).size).toBe(1);
  });

  test.each([
    [3600, 3539, 3541],
    ["3600", 3539, 3541],
    [20, 9, 11],
  ])("a token of %s s is used until shortly before it expires", async (life, good, over) => {
    const tokens = await tokenServer(undefined, { expires_in: life });
    const { url } = await serve(() => OK);
    const clock = aClock();
    const begun = clock.now.getTime();
    const target = openHttp(url, { clock, connection: { auth: oauth(tokens) } });
    for (const [second, asked] of [
      [0, 1],
      [good, 1],
      [over, 2],
    ] as const) {
      clock.now = new Date(begun + second * 1000);
      await postOne(target);
      expect(tokens.received.length).toBe(asked);
    }
  });

  test("a token without a life is used until it is refused", async () => {
    const tokens = await tokenServer(undefined, {});
    const { url } = await serve(() => OK);
    const clock = aClock();
    const target = openHttp(url, { clock, connection: { auth: oauth(tokens) } });
    await postOne(target);
    clock.now = new Date(clock.now.getTime() + 1e10);
    await postOne(target);
    expect(tokens.received.length).toBe(1);
  });

  test("a 401 is answered by one new token, also when it comes to many at once, and each is sent once more", async () => {
    const tokens = await tokenServer();
    let valid = `Bearer ${SECRETS.accessToken}1`;
    const { url, received } = await serve(async ({ headers }) => {
      await wait(5);
      return headers.authorization === valid ? OK : { status: 401 };
    });
    const target = openHttp(url, { connection: { auth: oauth(tokens), concurrency: 10 } });
    await postOne(target);
    valid = `Bearer ${SECRETS.accessToken}2`;
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, n) => postOne(target, itemOf(aDocument({ key: `K-${n}` })))));
    expect(outcomes.every(({ kind }) => kind === "created")).toBe(true);
    expect(tokens.received.length).toBe(2);
    expect(received.length).toBe(21);
    const bodies = received.slice(1).map(({ body }) => body);
    expect(new Set(bodies).size).toBe(10);
  });

  test("a 401 that comes late, about the old token, does not end the new one", async () => {
    const tokens = await tokenServer();
    const old = `Bearer ${SECRETS.accessToken}1`;
    const { url } = await serve(async ({ headers, body }) => {
      if (headers.authorization !== old) return OK;
      if (body.includes("late")) await wait(120);
      return { status: 401 };
    });
    const target = openHttp(url, { connection: { auth: oauth(tokens) } });
    const outcomes = await Promise.all(["soon", "late"].map((key) => postOne(target, itemOf(aDocument({ key })))));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["created", "created"]);
    expect(tokens.received.length).toBe(2);
  });

  test("a second 401 stops", async () => {
    const tokens = await tokenServer();
    const { url, received } = await serve(({ headers }) => ({ status: 401, body: { message: `bad ${headers.authorization}` } }));
    const problem = await thrownBy(() => postOne(openHttp(url, { connection: { auth: oauth(tokens) } })));
    expect(problem.code).toBe("TARGET_SIGN_IN");
    expect([tokens.received.length, received.length]).toEqual([2, 2]);
  });

  test.each([
    [{ status: 401, body: { error: "invalid_client", error_description: SECRETS.clientSecret } }, "HTTP 401 `invalid_client`"],
    [{ status: 400, body: `<html>${SECRETS.clientSecret}</html>` }, "HTTP 400"],
    [{ status: 302, headers: { location: "https://elsewhere.example.com" } }, "HTTP 302"],
    [{ status: 200, body: "<html>" }, "no bearer token in the answer"],
    [{ status: 200, body: { access_token: "a b", token_type: "Bearer" } }, "no bearer token in the answer"],
    [{ status: 200, body: { access_token: SECRETS.token, token_type: "mac" } }, "no bearer token in the answer"],
  ] satisfies [Reply, string][])("no token: %j", async (reply, found) => {
    const tokens = await tokenServer(() => reply);
    const { url, received } = await serve(() => OK);
    const problem = await thrownBy(() => postOne(openHttp(url, { connection: { auth: oauth(tokens) } })));
    expect(problem).toMatchObject({ code: "TARGET_SIGN_IN", message: `${new URL(tokens.url).host} gives us no token: ${found}` });
    expect(received).toEqual([]);
  });

  test.each([
    [{ status: 500 }, null],
    [{ status: 503, headers: { "retry-after": "9" } }, 9000],
    [{ status: 429, headers: { "retry-after": "3" } }, 3000],
  ] satisfies [Reply, number | null][])(
    "no token now: %j; certainly nothing was sent, and the next call asks again",
    async (reply, retryAfterMs) => {
      const tokens = await tokenServer((count) => (count === 1 ? reply : undefined));
      const { url, received } = await serve(() => OK);
      const target = openHttp(url, { connection: { auth: oauth(tokens) } });
      expect(await postOne(target)).toMatchObject({ kind: "busy", retryAfterMs });
      expect(received).toEqual([]);
      expect((await postOne(target)).kind).toBe("created");
    },
  );

  test("a token endpoint that cannot be reached is a delay", async () => {
    const { url, received } = await serve(() => OK);
    const outcome = await postOne(openHttp(url, { connection: { auth: oauth({ url: "http://127.0.0.1:1" }) } }));
    expect(outcome.kind).toBe("busy");
    expect(problemOf(outcome).message).toBe(
      "no token from 127.0.0.1:1: the connection was refused (ECONNREFUSED); nothing was sent to the target",
    );
    expect(received).toEqual([]);
  });
});

describe("secrets", () => {
  test("do not come out, whatever the other side repeats", async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, "write").mockImplementation((text) => {
        written.push(String(text));
        return true;
      }),
    );
    const inUse: string[] = [];
    let before = 0;
    const echo = ({ headers, url }: Received, as: (text: string) => string): string =>
      as(`${[...inUse, ...tokens.tokens.slice(before)].join(" ")} ${JSON.stringify(headers)} ${url}`);
    const forms: ((text: string) => string)[] = [
      (text) => text,
      (text) => JSON.stringify({ errorMessage: text, success: false }),
      (text) => JSON.stringify({ success: false, errorMessage: [...text].join("\u0000") }),
      (text) => `<title>${text}</title>`,
      (text) => "x".repeat(490) + text,
      (text) => encodeURIComponent(text),
      () => [...inUse, ...tokens.tokens.slice(before)].map((secret) => Buffer.from(secret).toString("base64")).join(" "),
    ];
    const tokens = await tokenServer();
    const auths: Auth[] = [
      { basic: { user: "sync", password: SECRETS.password } },
      { bearer: { token: SECRETS.token } },
      { api_key: { query: "k", value: SECRETS.apiKey } },
      oauth(tokens),
    ];
    let outcomes = 0;
    try {
      for (const as of forms) {
        for (const status of [200, 400, 401, 429, 500, 503]) {
          const { url } = await serve((request) => ({ status, body: echo(request, as) }));
          for (const auth of auths) {
            const own = Object.values(auth)
              .flatMap((each) => Object.values(each))
              .filter((value): value is string => Object.values(SECRETS).some((secret) => secret === value));
            inUse.splice(0, inUse.length, ...own, SECRETS.header);
            before = tokens.tokens.length;
            const headers = { "X-Key": SECRETS.header };
            const target = openHttp(url, { connection: { auth, headers }, target: { lookup: LOOKUP } });
            // The watch in the setup looks at everything that comes out, problems and errors alike.
            await postOne(target).catch(() => {});
            await target.lookup("expense/BX-001/1").catch(() => {});
            outcomes += 2;
          }
        }
      }
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    expect(outcomes).toBe(forms.length * 6 * 4 * 2);
    for (const secret of Object.values(SECRETS)) expect(written.join("")).not.toContain(secret);
  });
});

describe("the rate", () => {
  test("calls are spaced evenly and in order, however many come at once", async () => {
    const clock = aClock();
    const begun = clock.now.getTime();
    const at: number[] = [];
    const { url } = await serve(() => {
      at.push(clock.now.getTime() - begun);
      return OK;
    });
    const target = openHttp(url, { clock, connection: { rate: 4, concurrency: 1 } });
    await Promise.all(Array.from({ length: 9 }, (_, n) => postOne(target, itemOf(aDocument({ key: `K-${n}` })))));
    expect(at).toEqual([0, 250, 500, 750, 1000, 1250, 1500, 1750, 2000]);
    expect(clock.waits).toEqual(Array.from({ length: 8 }, () => 250));
    clock.now = new Date(clock.now.getTime() + 60_000);
    await Promise.all([postOne(target), postOne(target)]);
    // A quiet minute gives no right to a burst.
    expect(at.slice(-2)).toEqual([62_000, 62_250]);
  });

  test("below one a second, and without a limit", async () => {
    const { url } = await serve(() => OK);
    for (const [rate, waits] of [
      [0.5, [2000, 2000]],
      [undefined, []],
    ] as const) {
      const clock = aClock();
      const target = openHttp(url, { clock, connection: { concurrency: 1, ...(rate === undefined ? {} : { rate }) } });
      for (let n = 0; n < 3; n += 1) await postOne(target);
      expect(clock.waits).toEqual(waits);
    }
  });

  test("a clock that was set back costs no more than one wait", async () => {
    const { url } = await serve(() => OK);
    const clock = aClock();
    const target = openHttp(url, { clock, connection: { rate: 10, concurrency: 1 } });
    await postOne(target);
    clock.now = new Date(clock.now.getTime() - 3_600_000);
    await postOne(target);
    await postOne(target);
    expect(Math.max(0, ...clock.waits)).toBeLessThanOrEqual(100);
  });

  test("with many under way at once no second sees more than the rate", async () => {
    const at: number[] = [];
    const { url } = await serve(() => {
      at.push(performance.now());
      return OK;
    });
    const { connector } = await import("../../src/connectors/http/index.js");
    const context = { now: () => new Date(), sleep: (ms: number) => wait(ms) };
    const connection = { url, timeout: "5s", concurrency: 16, max_response: 10_000, insecure: false, rate: 50 };
    const options = { post: POST, deduplicates: false, quiet: "60s", empty: "keep" };
    const target = await connector.target?.open(connection as never, options as never, context as never);
    await Promise.all(Array.from({ length: 30 }, (_, n) => target?.post([itemOf(aDocument({ key: `K-${n}` }))])));
    await target?.close?.();
    const took = (at.at(-1) ?? 0) - (at[0] ?? 0);
    expect(at.length).toBe(30);
    expect(took).toBeGreaterThan(540);
  });
});
