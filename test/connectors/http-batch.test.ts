import { describe, expect, test } from "vitest";
import type { HttpTargetOptions } from "../../src/connectors/http/options.js";
import { shortKey } from "../../src/connectors/http/view.js";
import type { PostOutcome } from "../../src/model/posting.js";
import { aDocument, itemOf, LOOKUP, openHttp, POST, problemOf, type Reply, reversalOf, SECRETS, serve, thrownBy } from "./http-setup.js";

const post: HttpTargetOptions["post"] = { ...POST, path: "/batch", body: { id: "$.idempotencyKey", total: { $number: "$.total" } } };
const byId: HttpTargetOptions["batch"] = { size: 10, answers: "$.results", match: { answer: "$.id", ours: "idempotencyKey" } };
const byOrder: HttpTargetOptions["batch"] = { size: 10, answers: "$.results", match: "order" };
const items = ["A", "B", "C"].map((key) => itemOf(aDocument({ key })));
const id = (key: string) => `expense/${key}/1`;

async function send(reply: Reply, target: Partial<HttpTargetOptions>): Promise<readonly PostOutcome[]> {
  const { url } = await serve(() => reply);
  return openHttp(url, { target: { post, ...target } }).post(items);
}

const short = (outcomes: readonly PostOutcome[]) => outcomes.map((each) => ("reference" in each ? each.reference : each.kind));

describe("the call", () => {
  test("carries every document once, as a list", async () => {
    const { url, received } = await serve(() => ({ body: { results: [] } }));
    await openHttp(url, { target: { post, batch: byId } }).post(items);
    expect(received.map(({ body }) => body)).toEqual([
      '[{"id":"expense/A/1","total":100.00},{"id":"expense/B/1","total":100.00},{"id":"expense/C/1","total":100.00}]',
    ]);
  });

  test("or inside of what the options say", async () => {
    const { url, received } = await serve(() => ({ body: { results: [] } }));
    const batch = { ...byId, body: { mode: "independent", data: { vouchers: "$.items", more: 1 } } };
    await openHttp(url, { target: { post, batch } }).post(items.slice(0, 1));
    expect(received[0]?.body).toBe('{"mode":"independent","data":{"vouchers":[{"id":"expense/A/1","total":100.00}],"more":1}}');
  });

  test("leaves out what cannot be written, and sends the rest", async () => {
    const { url, received } = await serve(({ body }) => ({
      body: { results: (JSON.parse(body) as { id: number }[]).map((each) => ({ id: each.id, number: `V${each.id}` })) },
    }));
    const own = { ...post, body: { id: { $number: "$.key" } } };
    const batch = { ...byId, match: { answer: "$.id", ours: "key" } } as const;
    const outcomes = await openHttp(url, { target: { post: own, batch } }).post(["1", "x", "3"].map((key) => itemOf(aDocument({ key }))));
    expect(short(outcomes)).toEqual(["V1", "rejected", "V3"]);
    expect(received.length).toBe(1);
    await openHttp(url, { target: { post: own, batch } }).post(["x", "y"].map((key) => itemOf(aDocument({ key }))));
    expect(received.length).toBe(1);
  });
});

describe("answers by what they repeat", () => {
  test("each in its own way, in any order", async () => {
    const results = [
      { id: id("C"), number: "V-3" },
      { id: id("A"), success: false, errorMessage: "科目 6602 不存在" },
      { id: id("B"), number: 2 },
      { id: "somebody else's", number: "V-9" },
    ];
    const outcomes = await send({ body: { results } }, { batch: byId });
    expect(short(outcomes)).toEqual(["rejected", "2", "V-3"]);
    expect(problemOf(outcomes[0])).toMatchObject({ message: "the target refused it: 科目 6602 不存在", at: [{ document: "A" }] });
  });

  test.each(["shortKey", "key"] as const)("compared with the %s", async (ours) => {
    const name = (key: string) => (ours === "key" ? key : shortKey(id(key)));
    const results = ["B", "A"].map((key) => ({ id: name(key), number: `V-${key}` }));
    const outcomes = await send({ body: { results } }, { batch: { ...byId, match: { answer: "$.id", ours } } });
    expect(short(outcomes)).toEqual(["V-A", "V-B", "unconfirmed"]);
  });

  test("who is not in the answer is unconfirmed, and so is who is in it twice or says nothing", async () => {
    const results = [{ id: id("A"), number: "V-1" }, { id: id("A"), number: "V-2" }, { id: id("B") }, { number: "V-3" }];
    const outcomes = await send({ body: { results } }, { batch: byId });
    expect(short(outcomes)).toEqual(["unconfirmed", "unconfirmed", "unconfirmed"]);
    expect(problemOf(outcomes[2]).message).toMatch(/the answer to the batch says nothing about this document$/);
    // Words about one document do not show the others.
    expect(problemOf(outcomes[1]).message).toContain('{"id":"expense/B/1"}');
    expect(problemOf(outcomes[1]).message).not.toContain("V-1");
  });
});

describe("answers by order", () => {
  test("when there is one for each", async () => {
    const results = [{ number: "V-1" }, { success: false }, { number: "V-3" }];
    expect(short(await send({ body: { results } }, { batch: byOrder }))).toEqual(["V-1", "rejected", "V-3"]);
  });

  test.each([
    [[{ number: "V-1" }, { number: "V-3" }]],
    [[{ number: "V-1" }, { number: "V-2" }, { number: "V-3" }, { number: "V-4" }]],
    [[]],
  ])("one too few or too many, and no answer has a place: %j", async (results) => {
    expect(short(await send({ body: { results } }, { batch: byOrder }))).toEqual(["unconfirmed", "unconfirmed", "unconfirmed"]);
  });
});

describe("answers to the whole call", () => {
  const cases: [string, Reply, string[]][] = [
    ["no list", { body: { success: true } }, ["unconfirmed", "unconfirmed", "unconfirmed"]],
    [
      "a refusal with HTTP 200 and without a list proves nothing about each",
      { body: { success: false } },
      ["unconfirmed", "unconfirmed", "unconfirmed"],
    ],
    ["no JSON", { body: "OK" }, ["unconfirmed", "unconfirmed", "unconfirmed"]],
    ["400 without a list", { status: 400, body: { errorMessage: "too many" } }, ["rejected", "rejected", "rejected"]],
    ["429", { status: 429, headers: { "retry-after": "1" } }, ["busy", "busy", "busy"]],
    ["500", { status: 500 }, ["unconfirmed", "unconfirmed", "unconfirmed"]],
    ["302", { status: 302 }, ["unconfirmed", "unconfirmed", "unconfirmed"]],
    [
      "400 with a list: each as it says, and a number is not called a refusal",
      { status: 400, body: { results: [{ number: "V-1" }, { success: false, errorMessage: "no" }, { state: "queued" }] } },
      ["unconfirmed", "rejected", "unconfirmed"],
    ],
    ["207", { status: 207, body: { results: [{ number: "V-1" }, { success: false }, {}] } }, ["V-1", "rejected", "unconfirmed"]],
    [
      "500 with a list",
      { status: 500, body: { results: [{ number: "V-1" }, { success: false }, {}] } },
      ["unconfirmed", "unconfirmed", "unconfirmed"],
    ],
  ];
  test.each(cases)("%s", async (_, reply, expected) => {
    expect(short(await send(reply, { batch: byOrder }))).toEqual(expected);
  });

  test("a connection that breaks off leaves every member unconfirmed, each with its own place", async () => {
    const { url, received } = await serve((_, response) => {
      response.destroy();
      return undefined;
    });
    const outcomes = await openHttp(url, { target: { post, batch: byId } }).post(items);
    expect(outcomes.map((each) => [each.kind, problemOf(each).at])).toEqual(
      ["A", "B", "C"].map((document) => ["unconfirmed", [{ document }]]),
    );
    expect(received.length).toBe(1);
  });

  test("members that are there already are looked up, each by its own key", async () => {
    const { url } = await serve(({ method, url: path }) => {
      if (method === "POST") return { body: { results: [{ number: "V-1" }, { there: true }, { there: true }] } };
      const externalId = decodeURIComponent(path.split("=")[1] ?? "");
      return { body: { hits: externalId === id("B") ? [{ number: "V-old", externalId }] : [] } };
    });
    const target = openHttp(url, {
      target: { post: { ...post, duplicate: { when: { path: "$.there", equals: true } } }, batch: byOrder, lookup: LOOKUP },
    });
    expect(short(await target.post(items))).toEqual(["V-1", "V-old", "unconfirmed"]);
  });
});

describe("what does not go together with a batch", () => {
  const cases: [Partial<HttpTargetOptions>, string][] = [
    [{ idempotency_header: "Idempotency-Key", batch: byId }, "`batch` and `idempotency_header` do not go together"],
    [
      { post: { ...post, path: "/x/{$.key}" }, batch: byId },
      "`batch` and paths in braces in `post.path` or `post.headers` do not go together",
    ],
    [{ post: { ...post, reference: { header: "Location" } }, batch: byId }, "`batch` and a reference in a header do not go together"],
    [{ post: { method: "POST", path: "/x", reference: "$.n" }, batch: byId }, "`batch` needs `post.body`"],
    [{ batch: { ...byId, body: { a: 1 } } }, "`batch.body` does not hold `$.items` exactly once"],
    [{ batch: { ...byId, body: ["$.items", "$.items"] } }, "`batch.body` does not hold `$.items` exactly once"],
  ];
  test.each(cases)("%#", async (target, message) => {
    expect((await thrownBy(() => openHttp("https://x", { target: { post, ...target } }))).message).toBe(message);
  });
});

test("reversals go one by one; being signed out in the middle does not hide what was done before", async () => {
  const { url, received } = await serve(({ url: path }) => (path.endsWith("V-2") ? { status: 401 } : { body: { number: `R${path}` } }));
  const reverse = { method: "POST", path: "/cancel/{$.reference}", reference: "$.number" } as const;
  const auth = { bearer: { token: SECRETS.token } };
  const target = openHttp(url, { connection: { auth, concurrency: 1 }, target: { post, batch: byId, reverse } });
  const reversals = ["V-1", "V-2", "V-3"].map((number) => reversalOf(aDocument({ key: number }), number));
  expect(short(await target.reverse(reversals))).toEqual(["R/cancel/V-1", "busy", "R/cancel/V-3"]);
  expect(received.length).toBe(3);
  expect((await thrownBy(() => target.reverse(reversals.slice(1, 2)))).code).toBe("TARGET_SIGN_IN");
});
