import { type TSchema, Type } from "typebox";

export const closed = { additionalProperties: false };
export const DURATION = "^(0|\\d{1,9}(ms|s|m|h))$";

export const answerPath = (description: string, ...examples: string[]) => Type.String({ pattern: "^\\$", description, examples });
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

export const when = (description: string) =>
  Type.Union([Condition, Type.Array(Condition, { minItems: 1 })], { description, examples: [{ path: "$.success", equals: false }] });

export const reference = (description: string, ...examples: unknown[]) =>
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
export const Reference = reference(
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

export const Rejected = Type.Union([Refusal, Type.Array(Refusal, { minItems: 1 })], {
  description: 'what means "refused" although HTTP says 200, and where the system\'s own words stand, also when HTTP says 4xx',
  examples: [{ when: { path: "$.success", equals: false }, message: "$.errorMessage" }],
});

export const Duplicate = Type.Object(
  {
    when: when("what the answer looks like; of a list, all must hold"),
    reference: Type.Optional(Reference),
    fingerprint: Type.Optional(answerPath("where the answer repeats our fingerprint of what is there", "$.existing.fingerprint")),
  },
  { ...closed, description: 'what means "there already under this key". Without a `reference` the document is looked up' },
);

export const headers = (...examples: Record<string, string>[]) =>
  Type.Record(Type.String(), Type.String(), { description: "headers of this call; values may hold paths in braces", examples });

export const path = (...examples: string[]) =>
  Type.String({ pattern: "^/", description: "added to the connection's `url`; may hold paths in braces, which are encoded", examples });

export const body = (description: string) => Type.Optional(Type.Unknown({ description }));

export function request<T extends Record<string, TSchema>>(methods: string[], method: string, more: T, ...examples: string[]) {
  return Type.Object(
    {
      method: Type.Enum(methods, { description: "HTTP method", default: method, examples: [method] }),
      path: path(...examples),
      headers: Type.Optional(headers({ "X-Request-Id": "{$.idempotencyKey}" })),
      body: body("what is sent: any YAML, written as JSON; a text that begins with `$.` is a path, see the connector's README"),
      ...more,
    },
    closed,
  );
}
