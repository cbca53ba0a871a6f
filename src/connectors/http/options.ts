import { type Static, type TSchema, Type } from "typebox";
import { DURATION } from "./connection.js";

const closed = { additionalProperties: false };

const answerPath = (description: string, ...examples: string[]) => Type.String({ pattern: "^\\$", description, examples });
const Constant = Type.Union([Type.Boolean(), Type.Number(), Type.String(), Type.Null()]);

const Condition = Type.Object(
  {
    path: Type.Optional(answerPath("a place in the answer", "$.success")),
    status: Type.Optional(
      Type.Union(
        [Type.Integer({ minimum: 200, maximum: 599 }), Type.Array(Type.Integer({ minimum: 200, maximum: 599 }), { minItems: 1 })],
        {
          description: "HTTP status of the answer, or several of which it is one",
          examples: [409, [404, 410]],
        },
      ),
    ),
    equals: Type.Optional(
      Type.Union([...Constant.anyOf], { description: 'what must stand at `path`; `0` and `"0"` are the same', examples: [false] }),
    ),
    not_equals: Type.Optional(
      Type.Union([...Constant.anyOf], { description: "what must not stand at `path`, where something must stand", examples: [0] }),
    ),
    in: Type.Optional(Type.Array(Constant, { minItems: 1, description: "one of these must stand at `path`", examples: [["E12", "E13"]] })),
    exists: Type.Optional(Type.Boolean({ description: "whether something must stand at `path`", examples: [true] })),
  },
  closed,
);

const when = (description: string) =>
  Type.Union([Condition, Type.Array(Condition, { minItems: 1 })], { description, examples: [{ path: "$.success", equals: false }] });

const reference = (description: string, ...examples: unknown[]) =>
  Type.Union(
    [
      Type.String({ pattern: "^\\$" }),
      Type.Object(
        {
          header: Type.String({ minLength: 1, description: "the header of the answer that holds it", examples: ["Location"] }),
          last_segment: Type.Optional(Type.Boolean({ description: "only what follows the last `/` of a URL", examples: [true] })),
        },
        closed,
      ),
    ],
    { description, examples },
  );
const Reference = reference(
  "where the document's number stands in the answer. Nothing else counts as success; `0` and negative numbers are none",
  "$.data.number",
  { header: "Location", last_segment: true },
);

const Refusal = Type.Object(
  {
    when: when("what the answer looks like; of a list, all must hold"),
    message: Type.Union([answerPath("", "$.errorMessage"), Type.Array(Type.String({ pattern: "^\\$" }), { minItems: 1 })], {
      description: "where the system says why; `[*]` takes every item of a list",
      examples: ["$.errorMessage", ["$.code", "$.errors[*].message"]],
    }),
    means: Type.Optional(
      Type.Enum(["refused", "period closed"], {
        description: "`period closed` makes the document wait until the period is open instead of asking for a correction",
        examples: ["period closed"],
      }),
    ),
  },
  closed,
);

const Rejected = Type.Union([Refusal, Type.Array(Refusal, { minItems: 1 })], {
  description: 'what means "refused" although HTTP says 200, and where the system\'s own words stand, also when HTTP says 4xx',
  examples: [{ when: { path: "$.success", equals: false }, message: "$.errorMessage" }],
});

const Duplicate = Type.Object(
  {
    when: when("what the answer looks like; of a list, all must hold"),
    reference: Type.Optional(Reference),
    fingerprint: Type.Optional(answerPath("where the answer repeats our fingerprint of what is there", "$.existing.fingerprint")),
  },
  { ...closed, description: 'what means "there already under this key". Without a `reference` the document is looked up' },
);

const Headers = Type.Record(Type.String(), Type.String(), {
  description: "headers of this call; values may hold paths in braces",
  examples: [{ "X-Request-Id": "{$.idempotencyKey}" }],
});

const path = (...examples: string[]) =>
  Type.String({ pattern: "^/", description: "added to the connection's `url`; may hold paths in braces, which are encoded", examples });

const body = (description: string) => Type.Optional(Type.Unknown({ description }));

function request<T extends Record<string, TSchema>>(methods: string[], method: string, more: T, ...examples: string[]) {
  return Type.Object(
    {
      method: Type.Enum(methods, { description: "HTTP method", default: method, examples: [method] }),
      path: path(...examples),
      headers: Type.Optional(Headers),
      body: body("what is sent: any YAML, written as JSON; a text that begins with `$.` is a path, see the connector's README"),
      ...more,
    },
    closed,
  );
}

const Post = request(
  ["POST", "PUT", "PATCH"],
  "POST",
  { reference: Reference, rejected: Type.Optional(Rejected), duplicate: Type.Optional(Duplicate) },
  "/vouchers",
);

const Reverse = request(
  ["POST", "PUT", "PATCH", "DELETE"],
  "POST",
  {
    reference: Type.Optional(Reference),
    done: Type.Optional(when("an answer that means success without a number of its own; the number of the cancelled document is kept")),
    rejected: Type.Optional(Rejected),
    duplicate: Type.Optional(Duplicate),
  },
  "/vouchers/{$.reference}/cancel",
);

const Lookup = request(
  ["GET", "POST"],
  "GET",
  {
    many: Type.Optional(
      answerPath(
        "where the list of hits stands; `$$` in the other paths is one of them. None means absent, more than one stops the run",
        "$.data",
      ),
    ),
    found: reference("where the document's number stands", "$$.number"),
    key: Type.Optional(answerPath("where a hit repeats our key or short key; hits with another key are not ours", "$$.externalId")),
    fingerprint: Type.Optional(answerPath("where a hit repeats our fingerprint", "$$.fingerprint")),
    absent: Type.Optional(when("an answer that proves that the document is not there")),
  },
  "/vouchers?externalId={$.idempotencyKey}",
);

const Latest = request(
  ["GET", "POST"],
  "GET",
  {
    found: answerPath("where our idempotency key of the last document stands", "$.data[0].externalId"),
    absent: Type.Optional(when("an answer that proves that there is none")),
  },
  "/vouchers/latest?source={$.pipeline}",
);

const Batch = Type.Object(
  {
    size: Type.Integer({ minimum: 2, maximum: 10_000, description: "most documents in one call", examples: [50] }),
    body: body("what is sent: `$.items` is the list of documents, each written as `post.body` says. Only that list when left out"),
    answers: answerPath(
      "where the list of answers stands; rules and paths of `post` are applied to each, `$` being that one answer",
      "$.results",
    ),
    match: Type.Union(
      [
        Type.Enum(["order"]),
        Type.Object(
          {
            answer: answerPath("where an answer names its document", "$.externalId"),
            ours: Type.Enum(["idempotencyKey", "shortKey", "key"], { description: "what it is compared with", default: "idempotencyKey" }),
          },
          closed,
        ),
      ],
      {
        description: "how answers belong to documents: by what they repeat, or by `order`, which counts only when none is missing",
        examples: [{ answer: "$.externalId" }, "order"],
      },
    ),
  },
  { ...closed, description: "many documents in one call, where the system answers for each of them" },
);

export const HttpTargetOptions = Type.Object(
  {
    post: Type.Object(Post.properties, { ...closed, description: "how a document is posted" }),
    reverse: Type.Optional(
      Type.Object(Reverse.properties, { ...closed, description: "how a posting is cancelled; without it, cancelling is refused" }),
    ),
    lookup: Type.Optional(
      Type.Object(Lookup.properties, {
        ...closed,
        description: "how a document is found by our key; without it a person says what became of an unanswered one",
      }),
    ),
    latest: Type.Optional(
      Type.Object(Latest.properties, {
        ...closed,
        description: "how our key of the last posted document is found, so that a restored store is noticed",
      }),
    ),
    batch: Type.Optional(Batch),
    idempotency_header: Type.Optional(
      Type.String({
        minLength: 1,
        description: "a header that carries our key, where the system knows one",
        examples: ["Idempotency-Key"],
      }),
    ),
    deduplicates: Type.Boolean({
      description: "whether the system itself refuses a second document with our key; say so only when it was tried",
      default: false,
      examples: [true],
    }),
    quiet: Type.String({
      description: "how long an unanswered call may still take effect; until then, not found proves nothing",
      default: "60s",
      pattern: DURATION,
      examples: ["5m"],
    }),
    empty: Type.Enum(["keep", "omit"], {
      description: "whether a key whose path leads to nothing is written as `null` or left out",
      default: "keep",
      examples: ["omit"],
    }),
  },
  closed,
);
export type HttpTargetOptions = Static<typeof HttpTargetOptions>;
export type LookupOptions = NonNullable<HttpTargetOptions["lookup"]>;
export type LatestOptions = NonNullable<HttpTargetOptions["latest"]>;
export type BatchOptions = NonNullable<HttpTargetOptions["batch"]>;
