import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Received, type Reply, type Served, serve } from "../connectors/http-setup.js";
import { HTTP_TARGET, Office } from "../observe/office.js";

/** What no log, metric or trace may ever hold, with characters that are written otherwise in a URL and in JSON. */
const SECRETS = {
  bearer: "cnry/bearer+31 a&7=b",
  password: 'cnry"password+32 a&7=b',
  clientSecret: "cnry/client-secret+33=b",
  accessToken: "cnry-access-token-34",
  apiKey: "cnry/api key+35&x=b",
  header: "cnry/header+36=b",
  gatewayUrl: "cnry-gateway-url-37",
  gatewayQuery: "cnry-gateway-query-38",
  gatewayPassword: "cnry/gateway+39=b",
  gatewayHeader: "cnry/gateway-header+40=b",
  collectorUrl: "cnry-collector-url-41",
  collectorQuery: "cnry-collector-query-42",
  collectorHeader: "cnry/collector-header+43=b",
  userInfo: "cnry-user-info-44",
  otelHeader: "cnry/otel-header+45=b",
};

/** What points to a person. */
const PERSONAL = { name: "王卡纳里", key: "CNRY-CLAIM-51", file: "cnry-王卡纳里-52", text: "cnry报销事由53" };

/** A text as it is, as in a URL, in JSON, and in base64 wherever it begins. */
function formsOf(secret: string): string[] {
  const inUrl = encodeURIComponent(secret);
  return [
    secret,
    inUrl,
    encodeURI(secret),
    new URLSearchParams([["", secret]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    ...base64Of(secret),
    // As OAuth has it in a header (RFC 6749, 2.3.1).
    ...base64Of(inUrl),
    ...base64Of(inUrl.replaceAll("%20", "+")),
  ];
}

function base64Of(secret: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    // Only digits that hang on the secret alone: neither on what stands before it nor on what comes after.
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((bytes.length * 8) / 6);
    return [bytes.toString("base64").slice(from, to), bytes.toString("base64url").slice(from, to)];
  });
}

/** Everything that was written or sent, by where. */
type Written = ReadonlyMap<string, string>;

function found(written: Written, canaries: Readonly<Record<string, string>>): string[] {
  return Object.entries(canaries).flatMap(([what, canary]) =>
    [...written].flatMap(([where, text]) =>
      formsOf(canary).flatMap((form) => (text.includes(form) ? [`${what} in ${where} as ${form}`] : [])),
    ),
  );
}

const echo = ({ url, headers, body }: Received): string => JSON.stringify({ url, headers, body });

let office: Office;
let erp: Served;
let gateway: Served;
let collector: Served;
/** What the gateway and the collector say. */
let takes = true;

beforeEach(async () => {
  takes = true;
  office = new Office();
  let posts = 0;
  erp = await serve((request): Reply => {
    if (request.url === "/token") return { body: { access_token: SECRETS.accessToken, token_type: "Bearer", expires_in: 3600 } };
    if (request.method === "GET") return { body: { hits: [], echo: echo(request) } };
    posts += 1;
    const said = echo(request);
    const answers: readonly Reply[] = [
      { status: 500, body: said },
      { status: 400, body: { success: false, errorMessage: said } },
      { status: 429, body: said, headers: { "retry-after": "0", "x-echo": encodeURIComponent(said).slice(0, 2_000) } },
      { body: { success: false, errorMessage: said } },
      { body: { number: "V1", echo: said } },
    ];
    return answers[posts % answers.length] as Reply;
  });
  const outlet = (request: Received): Reply => (takes ? { body: {} } : { status: 500, body: echo(request) });
  gateway = await serve(outlet);
  collector = await serve(outlet);

  Object.assign(office.env, {
    ERP: erp.url,
    BEARER: SECRETS.bearer,
    CLIENT: SECRETS.clientSecret,
    GATEWAY: `${gateway.url}/${SECRETS.gatewayUrl}?key=${SECRETS.gatewayQuery}`,
    COLLECTOR: `${collector.url}/${SECRETS.collectorUrl}/v1/traces?key=${SECRETS.collectorQuery}`,
  });
  const connections = {
    bearer: "auth: { bearer: { token: '${env.BEARER}' } }",
    basic: `auth: { basic: { user: sync, password: '${SECRETS.password}' } }`,
    oauth: "auth: { oauth2: { token_url: '${env.ERP}/token', client_id: sync, client_secret: '${env.CLIENT}' } }",
    query: `auth: { api_key: { query: access_token, value: '${SECRETS.apiKey}' } }`,
    header: `headers: { X-Key: '${SECRETS.header}' }`,
  };
  office.settings(
    `log: { to: sync.log, level: debug }
metrics:
  file: sync.prom
  push: { url: "\${env.GATEWAY}", user: sync, password: '${SECRETS.gatewayPassword}', headers: { X-Key: '${SECRETS.gatewayHeader}' } }
traces: { endpoint: "\${env.COLLECTOR}", headers: { X-Key: '${SECRETS.collectorHeader}' }, propagate: true }
`,
    Object.entries(connections)
      .map(([name, auth]) => `  ${name}: { connector: http, url: "\${env.ERP}", ${auth} }`)
      .join("\n"),
  );
  for (const name of Object.keys(connections)) {
    office.pipeline(name, HTTP_TARGET(name));
    const rows = [1, 2, 3, 4].map((n) => `${PERSONAL.key}${n},2026-11-0${n},${PERSONAL.name} ${PERSONAL.text},${n}.00`);
    office.exports(name, PERSONAL.file, ...rows, `${PERSONAL.key}5,2026-11-05,${PERSONAL.name},${PERSONAL.text}`);
  }
});
afterEach(() => office.close());

/** What a command leaves behind for machines, and what it says on stderr about that. */
function writtenAfter(err: string): Written {
  return new Map([
    ["log", office.read("sync.log")],
    ["metrics", office.read("sync.prom")],
    ["counters", office.read(".sync/store.db.counters.json")],
    ["gateway", gateway.received.map(({ body }) => body).join("\n")],
    ["collector", collector.received.map(({ body }) => body).join("\n")],
    [
      "stderr",
      err
        .split("\n")
        .filter((line) => line.startsWith("{") || line.includes("OBSERVE_FAILED"))
        .join("\n"),
    ],
  ]);
}

test("the search finds what is hidden in it", () => {
  const { password } = SECRETS;
  for (const text of [
    `a${password}b`,
    `?x=${encodeURIComponent(password)}`,
    JSON.stringify({ password }),
    btoa(`s:${password}`),
    btoa(`sy:${password}\n`),
  ])
    expect(found(new Map([["here", text]]), { password }), text).not.toEqual([]);
});

describe("no secret and nothing that points to a person is ever in a log, metrics or traces", () => {
  test("of runs against a system whose errors echo whole requests", async () => {
    const { code, err } = await office.sync("run", "--all", "--quiet");
    expect(code).not.toBe(0);
    const written = writtenAfter(err);
    expect(found(written, { ...SECRETS, ...PERSONAL })).toEqual([]);

    // All of it was there to be told: the canaries were sent, and answers of all kinds are in the log.
    const sent = [...erp.received, ...gateway.received, ...collector.received].map((request) => echo(request));
    for (const [what, canary] of Object.entries({ ...SECRETS, name: PERSONAL.name, key: PERSONAL.key })) {
      if (what === "userInfo" || what === "otelHeader") continue;
      expect(
        sent.some((text) => formsOf(canary).some((form) => text.includes(form) || text.includes(JSON.stringify(form).slice(1, -1)))),
        what,
      ).toBe(true);
    }
    const answers = office.lines("sync.log").filter(({ event }) => event === "exchange ended");
    expect(new Set(answers.map(({ answer }) => answer))).toEqual(new Set([200, 400, 429, 500]));
    for (const where of ["log", "metrics", "gateway", "collector"]) expect(written.get(where)?.length, where).toBeGreaterThan(1_000);
  });

  test("of servers that refuse metrics and traces and echo what they were sent, nor on stderr", async () => {
    takes = false;
    const { err } = await office.sync("run", "bearer", "--quiet");
    expect(err.match(/OBSERVE_FAILED/g)).toHaveLength(2);
    expect(found(writtenAfter(err), { ...SECRETS, ...PERSONAL })).toEqual([]);
    office.write("sync.yaml", office.read("sync.yaml").replace("to: sync.log", "to: stderr"));
    const logged = await office.sync("run", "basic", "--quiet");
    expect(writtenAfter(logged.err).get("stderr")).toContain('"event":"run ended"');
    expect(found(writtenAfter(logged.err), { ...SECRETS, ...PERSONAL })).toEqual([]);
  });

  test("of addresses that hold a password, and of headers of the environment", async () => {
    office.env["OTEL_EXPORTER_OTLP_HEADERS"] = `x-key=${encodeURIComponent(SECRETS.otelHeader)}`;
    office.env["GATEWAY"] = `http://sync:${SECRETS.userInfo}@127.0.0.1:9/`;
    office.env["COLLECTOR"] = `http://sync:${SECRETS.userInfo}@127.0.0.1:9/v1/traces`;
    const { err } = await office.sync("run", "header", "--quiet");
    expect(err.match(/OBSERVE_FAILED/g)).toHaveLength(2);
    expect(err).not.toContain(SECRETS.userInfo);
    expect(found(writtenAfter(err), { ...SECRETS, ...PERSONAL })).toEqual([]);
  });

  test("a person's key is in the log where the project asks for keys, and only there", async () => {
    office.write("sync.yaml", office.read("sync.yaml").replace("level: debug", "level: debug, details: keys"));
    const { err } = await office.sync("run", "bearer", "--quiet");
    const written = writtenAfter(err);
    expect(found(written, SECRETS)).toEqual([]);
    expect(written.get("log")).toContain(`${PERSONAL.key}5`);
    expect(found(new Map([...written].filter(([where]) => where !== "log")), PERSONAL)).toEqual([]);
    expect(written.get("log")).not.toContain(PERSONAL.text);
  });
});
