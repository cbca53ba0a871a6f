import { describe, expect, test } from "vitest";
import type { Target, UpdateItem } from "../../src/connectors/contract.js";
import type { HttpTargetOptions } from "../../src/connectors/http/options.js";
import type { Posting, PostOutcome } from "../../src/model/posting.js";
import { aDocument, itemOf, LOOKUP, openHttp, POST, postOne, problemOf, type Reply, reversalOf, serve, thrownBy } from "./http-setup.js";

const DOCUMENT = aDocument();
const KEY = "expense/BX-001/1";
const STEP = { path: "$$.status", words: { A: "save", B: "submit", "1": "submit", C: "audit" } };
const DRAFT = { path: "$$.status", in: ["A", "B"] };
const REFUSED = { when: { path: "$.success", equals: false }, message: "$.errorMessage" };
const STEPS: NonNullable<HttpTargetOptions["steps"]> = [
  {
    name: "submit",
    method: "POST",
    path: "/vouchers/{$.reference}/submit",
    headers: { "X-Key": "{$.shortKey}" },
    body: { key: "$.idempotencyKey", fingerprint: "$.fingerprint", date: "$.document.date" },
    done: { path: "$.status", equals: "B" },
    rejected: REFUSED,
    duplicate: { when: { path: "$.code", equals: "DONE" } },
  },
  { name: "audit", method: "POST", path: "/vouchers/{$.reference}/audit", reference: "$.official", rejected: REFUSED },
];
const IN_STEPS: Partial<HttpTargetOptions> = { steps: STEPS, lookup: { ...LOOKUP, step: STEP, draft: DRAFT } };
const LIST: HttpTargetOptions["list"] = {
  method: "GET",
  path: "/list",
  many: "$.hits",
  found: "$$.number",
  key: "$$.externalId",
  next: "none",
};
const UPDATE: NonNullable<HttpTargetOptions["update"]> = {
  method: "PUT",
  path: "/vouchers/{$.reference}",
  body: { key: "$.idempotencyKey", was: "$.postingKey", text: "$.text" },
  done: { path: "$.success", equals: true },
  rejected: REFUSED,
};
const DELETE: NonNullable<HttpTargetOptions["delete"]> = {
  method: "DELETE",
  path: "/vouchers/{$.reference}",
  done: { status: 204 },
  rejected: REFUSED,
  duplicate: { when: { status: 404 } },
};

const posting: Posting = { ...reversalOf(DOCUMENT, "记-1").posting, step: "save" };

async function answered(reply: Reply | ((url: string) => Reply), target: Partial<HttpTargetOptions> = IN_STEPS) {
  const served = await serve(({ url }) => (typeof reply === "function" ? reply(url) : reply));
  return { ...served, target: openHttp(served.url, { target }) };
}

async function advanced(step: string, reply: Reply, target: Partial<HttpTargetOptions> = IN_STEPS): Promise<PostOutcome | undefined> {
  return (await (await answered(reply, target)).target.advance?.(step, [{ posting }]))?.[0];
}

describe("what the options make of a target", () => {
  test("steps in order, the first one called `save` unless it has a name; drafts; the company", () => {
    expect(openHttp("http://127.0.0.1:1", { target: IN_STEPS }).traits).toMatchObject({ steps: ["save", "submit", "audit"], drafts: true });
    const step = { ...STEP, words: { A: "enter", B: "submit", C: "audit" } };
    const named = { ...IN_STEPS, post: { ...POST, step: "enter" }, lookup: { ...LOOKUP, step } };
    expect(openHttp("http://127.0.0.1:1", { target: named, connection: { company: "001" } }).traits).toMatchObject({
      steps: ["enter", "submit", "audit"],
      company: "001",
    });
    const plain = openHttp("http://127.0.0.1:1");
    expect(Object.keys(plain.traits)).not.toEqual(expect.arrayContaining(["steps"]));
    expect([plain.advance, plain.update, plain.read, plain.postings, plain.traits.drafts]).toEqual(Array(5).fill(undefined));
  });

  const lookup = { ...LOOKUP, draft: DRAFT };
  const { draft: _, ...blind } = lookup;
  const cases: [string, Partial<HttpTargetOptions>, string][] = [
    ["steps without a look-up", { steps: STEPS }, "`steps` needs `lookup`"],
    ["a look-up that tells no step", { steps: STEPS, lookup: LOOKUP }, "`lookup.step` is missing"],
    ["a list that tells no step", { ...IN_STEPS, list: LIST }, "`list.step` is missing"],
    ["a step without steps", { lookup: { ...LOOKUP, step: STEP } }, "`lookup.step` is given, and there are no `steps`"],
    ["a name for the only step", { post: { ...POST, step: "save" } }, "`post.step` is given"],
    ["two steps of one name", { ...IN_STEPS, post: { ...POST, step: "audit" } }, "two steps are called `audit`"],
    [
      "a word for a step that is not there",
      { steps: STEPS, lookup: { ...LOOKUP, step: { ...STEP, words: { ...STEP.words, D: "approve" } } } },
      "there is no step `approve`",
    ],
    [
      "a step without a word",
      { steps: STEPS, lookup: { ...LOOKUP, step: { ...STEP, words: { A: "save", B: "submit" } } } },
      "has no word for the step `audit`",
    ],
    [
      "a step that cannot succeed",
      { ...IN_STEPS, steps: [{ name: "submit", method: "POST", path: "/s" }, ...STEPS.slice(1)] },
      "cannot tell that it succeeded",
    ],
    ["changing drafts without a list", { update: UPDATE, lookup }, "`update` needs `list`"],
    ["changing drafts without a look-up", { update: UPDATE, list: LIST }, "`update` needs `lookup`"],
    ["changing drafts that nobody knows", { update: UPDATE, list: LIST, lookup: blind }, "`update` needs `lookup.draft`"],
    [
      "changing drafts that reading does not know",
      { update: UPDATE, list: LIST, lookup, read: { method: "GET", path: "/v", document: {} } },
      "`update` needs `read.draft`",
    ],
    ["deleting drafts that nobody knows", { delete: DELETE, lookup: blind }, "`delete` needs `lookup.draft`"],
    ["deleting that cannot succeed", { delete: { method: "DELETE", path: "/v" }, lookup }, "`delete` cannot tell that it succeeded"],
  ];
  test.each(cases)("%s is refused", async (_case, target, message) => {
    const problem = await thrownBy(() => openHttp("http://127.0.0.1:1", { target }));
    expect(problem.code).toMatch(/^CONFIG_/);
    expect(problem.message).toContain(message);
  });
});

describe("posting the first step", () => {
  test("leaves a document at that step", async () => {
    const { target } = await answered({ body: { number: "记-1" } });
    expect(await postOne(target)).toEqual({ kind: "created", reference: "记-1", step: "save" });
  });

  test("how far one is that was there already, only the look-up knows", async () => {
    const duplicate = { when: { status: 409 }, reference: "$.number" };
    const { target } = await answered(
      (url) =>
        url.startsWith("/vouchers?key")
          ? { body: { hits: [{ number: "记-1", externalId: KEY, status: "B" }] } }
          : { status: 409, body: { number: "记-1" } },
      { ...IN_STEPS, post: { ...POST, duplicate } },
    );
    expect(await postOne(target, itemOf(DOCUMENT))).toEqual({ kind: "exists", reference: "记-1", step: "submit", isDraft: true });
  });
});

describe("a further step", () => {
  test("is one call, about the posting", async () => {
    const { target, received } = await answered({ body: { status: "B" } });
    expect(await target.advance?.("submit", [{ posting }])).toEqual([{ kind: "created", reference: "记-1", step: "submit" }]);
    const { fingerprint } = itemOf(DOCUMENT);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: "POST", url: `/vouchers/${encodeURIComponent("记-1")}/submit` });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ key: KEY, fingerprint, date: DOCUMENT.date });
    expect(received[0]?.headers["x-key"]).toMatch(/^[A-Z2-7]{16}$/);
  });

  test("may give a number of its own", async () => {
    expect(await advanced("audit", { body: { official: "总-77" } })).toEqual({ kind: "created", reference: "总-77", step: "audit" });
  });

  test("that was done before is there already", async () => {
    expect(await advanced("submit", { body: { code: "DONE", success: false, errorMessage: "已提交" } })).toEqual({
      kind: "exists",
      reference: "记-1",
      step: "submit",
    });
  });

  test("is refused in the system's own words, also with HTTP 200", async () => {
    const outcome = await advanced("audit", { body: { success: false, errorMessage: "审核人不能与制单人相同" } });
    expect(outcome?.kind).toBe("rejected");
    expect(problemOf(outcome).message).toBe("the target refused it: 审核人不能与制单人相同");
  });

  test.each([
    ["nothing clear", { body: {} }],
    ["another status", { body: { status: "A" } }],
    ["a page of a proxy", { body: "<html><title>Sign in</title></html>" }],
    ["an error of the server", { status: 500 }],
    ["a redirect", { status: 302, headers: { location: "/login" } }],
  ] satisfies [string, Reply][])("is unconfirmed after %s", async (_, reply) => {
    const outcome = await advanced("submit", reply);
    expect(outcome?.kind).toBe("unconfirmed");
    expect(problemOf(outcome).hint).toBe("it is looked up before anything else is sent for it");
  });

  test("each on its own, in order", async () => {
    const { target } = await answered((url) =>
      url.includes("2") ? { status: 400, body: { errorMessage: "no" } } : { body: { status: "B" } },
    );
    const items = ["V-1", "V-2", "V-3"].map((reference) => ({ posting: { ...posting, reference } }));
    expect((await target.advance?.("submit", items))?.map((outcome) => outcome.kind)).toEqual(["created", "rejected", "created"]);
  });
});

describe("a look-up tells how far a document is", () => {
  const found = async (status: unknown) =>
    (await answered({ body: { hits: [{ number: "V-1", externalId: KEY, status }] } })).target.lookup(KEY);
  test.each([
    ["A", { step: "save", isDraft: true }],
    ["B", { step: "submit", isDraft: true }],
    [1, { step: "submit" }],
    ["C", { step: "audit" }],
  ])("%j", async (status, expected) => {
    expect(await found(status)).toEqual({ reference: "V-1", ...expected });
  });

  test.each(["D", "", null, undefined, "a"])("and %j is never guessed", async (status) => {
    const problem = await thrownBy(() => found(status));
    expect(problem.code).toBe("TARGET_UNAVAILABLE");
    expect(problem.message).toMatch(/so nobody can tell how far the document is/);
  });
});

describe("changing a draft", () => {
  const options: Partial<HttpTargetOptions> = { update: UPDATE, list: LIST, lookup: { ...LOOKUP, draft: DRAFT } };
  const item: UpdateItem = { ...itemOf(aDocument({ text: "改" }), "expense/BX-001/2"), posting };
  const updated = async (reply: Reply | ((url: string) => Reply), more: Partial<HttpTargetOptions> = {}) => {
    const { target, received } = await answered(reply, { ...options, ...more });
    return { outcome: (await target.update?.([item]))?.[0], received };
  };

  test("sends the new content under the new key, and keeps the number", async () => {
    const { outcome, received } = await updated({ body: { success: true } }, { idempotency_header: "Idempotency-Key" });
    expect(outcome).toEqual({ kind: "created", reference: "记-1" });
    expect(received[0]).toMatchObject({ method: "PUT", url: `/vouchers/${encodeURIComponent("记-1")}` });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ key: "expense/BX-001/2", was: KEY, text: "改" });
    expect(received[0]?.headers["idempotency-key"]).toBe("expense/BX-001/2");
  });

  test("takes it back to the first step, where there are several", async () => {
    const list = { ...(LIST as NonNullable<typeof LIST>), step: STEP };
    const { outcome } = await updated({ body: { success: true } }, { ...IN_STEPS, list });
    expect(outcome).toEqual({ kind: "created", reference: "记-1", step: "save" });
  });

  test("is refused, or unconfirmed, as posting is", async () => {
    expect((await updated({ body: { success: false, errorMessage: "已审核" } })).outcome?.kind).toBe("rejected");
    expect((await updated({ status: 500 })).outcome?.kind).toBe("unconfirmed");
  });

  test("that was changed already is looked for under its new key", async () => {
    const duplicate = { when: { status: 409 } };
    const { outcome } = await updated(
      (url) => (url.includes("?key=") ? { body: { hits: [{ number: "记-1", externalId: "expense/BX-001/2" }] } } : { status: 409 }),
      { update: { ...UPDATE, duplicate } },
    );
    expect(outcome).toEqual({ kind: "exists", reference: "记-1" });
  });
});

describe("taking a posting back", () => {
  const REVERSE: HttpTargetOptions["reverse"] = { method: "POST", path: "/vouchers/{$.reference}/cancel", reference: "$.number" };
  const options: Partial<HttpTargetOptions> = { reverse: REVERSE, delete: DELETE, lookup: { ...LOOKUP, draft: DRAFT } };
  const taken = async (found: object | null, reply: Reply): Promise<{ outcome: PostOutcome | undefined; calls: string[] }> => {
    const { target, received } = await answered(
      (url) => (url.includes("?key=") ? { body: { hits: found === null ? [] : [{ externalId: KEY, ...found }] } } : reply),
      options,
    );
    const [outcome] = await (target as Target).reverse([reversalOf(DOCUMENT, "记-1")]);
    return { outcome, calls: received.slice(1).map(({ method, url }) => `${method} ${decodeURIComponent(url)}`) };
  };

  test("deletes what the look-up says is a draft, and keeps its number", async () => {
    expect(await taken({ number: "记-1", status: "B" }, { status: 204 })).toEqual({
      outcome: { kind: "created", reference: "记-1" },
      calls: ["DELETE /vouchers/记-1"],
    });
  });

  test("cancels what is none", async () => {
    expect(await taken({ number: "记-1", status: "C" }, { body: { number: "记-2" } })).toEqual({
      outcome: { kind: "created", reference: "记-2" },
      calls: ["POST /vouchers/记-1/cancel"],
    });
  });

  test("deletes under the number that our key has now, because numbers are given anew", async () => {
    expect((await taken({ number: "记-9", status: "A" }, { status: 204 })).calls).toEqual(["DELETE /vouchers/记-9"]);
  });

  test("that is gone meanwhile is there already; a refusal and silence are what they are", async () => {
    expect((await taken({ number: "记-1", status: "A" }, { status: 404 })).outcome).toEqual({ kind: "exists", reference: "记-1" });
    expect((await taken({ number: "记-1", status: "A" }, { body: { success: false, errorMessage: "已审核" } })).outcome?.kind).toBe(
      "rejected",
    );
    expect((await taken({ number: "记-1", status: "A" }, { status: 502 })).outcome?.kind).toBe("unconfirmed");
  });

  test("touches nothing when the look-up does not find it, or cannot tell", async () => {
    const gone = await taken(null, { status: 204 });
    expect([problemOf(gone.outcome).code, gone.calls]).toEqual(["TARGET_EDITED", []]);
    const { target, received } = await answered({ status: 403, body: {} }, options);
    const [outcome] = await target.reverse([reversalOf(DOCUMENT, "记-1")]);
    expect([outcome?.kind, problemOf(outcome).code]).toEqual(["rejected", "TARGET_UNAVAILABLE"]);
    expect(received.map(({ method }) => method)).toEqual(["GET"]);
  });
});
