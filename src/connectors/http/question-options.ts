import { type Static, Type } from "typebox";
import { answerPath, closed, headers, reference, request, when } from "./option-parts.js";

const Step = Type.Object(
  {
    path: answerPath("where the system's word for it stands", "$$.status"),
    words: Type.Record(Type.String(), Type.String({ minLength: 1 }), {
      description: "each of the system's words and the step that was done last then. A word that is not here stops the question",
      examples: [{ A: "save", B: "submit", C: "audit" }],
    }),
  },
  { ...closed, description: "how far a document is, where the target books in several steps" },
);

/** What a hit says about the document. `$$` is the hit where there is a list of them. */
const hit = {
  found: reference("where the document's number stands", "$$.number"),
  fingerprint: Type.Optional(answerPath("where a hit repeats our fingerprint", "$$.fingerprint")),
  step: Type.Optional(Step),
  draft: Type.Optional(when("what a hit looks like that is a draft: it can still be changed or deleted")),
};

const key = (description: string) => answerPath(description, "$$.externalId");

export const Lookup = request(
  ["GET", "POST"],
  "GET",
  {
    many: Type.Optional(
      answerPath(
        "where the list of hits stands; `$$` in the other paths is one of them. None means absent, more than one stops the run",
        "$.data",
      ),
    ),
    key: Type.Optional(key("where a hit repeats our key or short key; hits with another key are not ours")),
    ...hit,
    absent: Type.Optional(when("an answer that proves that the document is not there")),
  },
  "/vouchers?externalId={$.idempotencyKey}",
);

/** Where there is no document, there is none of its keys. */
const withoutDocument = { headers: Type.Optional(headers({ "Accept-Language": "zh-CN" })) };

export const Latest = request(
  ["GET", "POST"],
  "GET",
  {
    ...withoutDocument,
    found: answerPath("where our idempotency key of the last document stands", "$.data[0].externalId"),
    absent: Type.Optional(when("an answer that proves that there is none")),
  },
  "/vouchers/latest?source={$.pipeline}",
);

const Next = Type.Union(
  [
    Type.Enum(["page", "none"]),
    Type.String({ pattern: "^\\$" }),
    Type.Object(
      { cursor: answerPath("where the next cursor stands; it is sent back as `$.cursor`, empty for the first page", "$.nextCursor") },
      closed,
    ),
  ],
  {
    description:
      "where the next page is: a path to its URL in the answer, a `cursor`, or `page`: `$.page` counts from 1 until a page is empty. `none` where one answer holds everything",
    examples: ["$.links.next", { cursor: "$.nextCursor" }, "page"],
  },
);

export const List = request(
  ["GET", "POST"],
  "GET",
  {
    ...withoutDocument,
    many: answerPath("where the list of documents stands; `$$` in the other paths is one of them", "$.data"),
    key: key("where a document repeats our idempotency key; documents with other keys are passed over"),
    ...hit,
    next: Next,
  },
  "/vouchers?prefix={$.pipeline}/&page={$.page}",
);

const linePath = (description: string, ...examples: string[]) => Type.Optional(answerPath(description, ...examples));

const Lines = Type.Object(
  {
    list: answerPath("where the list of lines stands; `$$` in the other paths is one of them", "$.entries"),
    account: answerPath("where the account stands", "$$.account"),
    debit: linePath("where the debit stands, with `credit`; empty or zero on the other side", "$$.debit"),
    credit: linePath("where the credit stands", "$$.credit"),
    amount: linePath("where the amount stands, where there is one place for both sides", "$$.amount"),
    side: Type.Optional(
      Type.Object(
        {
          path: answerPath("where the side stands", "$$.dc"),
          debit: Type.Union([Type.String(), Type.Number()], { description: "what stands there for a debit", examples: [1] }),
          credit: Type.Union([Type.String(), Type.Number()], { description: "what stands there for a credit", examples: [-1] }),
        },
        { ...closed, description: "the side of `amount`; without it a negative amount is the other side, as in a payable" },
      ),
    ),
    text: linePath("where the text stands", "$$.summary"),
    partner: linePath("where the other party's code stands", "$$.employee"),
    dimensions: Type.Optional(
      Type.Record(Type.String(), Type.String({ pattern: "^\\$" }), {
        description: "where the values of these dimensions stand, by name",
        examples: [{ 部门: "$$.department.code" }],
      }),
    ),
  },
  { ...closed, description: "the lines, in any order" },
);

const Held = Type.Object(
  {
    date: linePath("where the accounting date stands: `2026-11-20`, `2026/11/20` or `20261120`, also with a time after it", "$.date"),
    currency: linePath("where the currency stands, as an ISO 4217 code", "$.currency"),
    text: linePath("where the text stands", "$.summary"),
    attachments: linePath("where the number of attachments stands", "$.attachments"),
    fields: Type.Optional(
      Type.Record(Type.String(), Type.String({ pattern: "^\\$" }), {
        description: "where further header fields stand, by name",
        examples: [{ word: "$.word" }],
      }),
    ),
    lines: Type.Optional(Lines),
  },
  { ...closed, description: "where the content stands in the answer; what is left out counts as it was posted" },
);

const OneGone = Type.Object(
  {
    when: when("what the answer looks like; of a list, all must hold"),
    reference: Type.Optional(reference("where the number of the document stands that cancelled it", "$.reversedBy")),
  },
  closed,
);
const Gone = Type.Union([OneGone, Type.Array(OneGone, { minItems: 1 })], {
  description: "an answer that says that the posting was cancelled or deleted; of several, one must fit",
  examples: [{ when: { status: 404 } }, { when: { path: "$.cancelled", equals: true }, reference: "$.cancelledBy" }],
});

export const Read = request(
  ["GET", "POST"],
  "GET",
  {
    document: Held,
    key: Type.Optional(key("where the answer repeats our key or short key; with another key it is somebody else's, and ours is gone")),
    gone: Type.Optional(Gone),
    draft: Type.Optional(when("what the answer looks like while it is a draft: it can still be changed or deleted")),
  },
  "/vouchers/{$.reference}",
);

export type StepOptions = Static<typeof Step>;
export type LookupOptions = Static<typeof Lookup>;
export type LatestOptions = Static<typeof Latest>;
export type ListOptions = Static<typeof List>;
export type ReadOptions = Static<typeof Read>;
export type HeldOptions = Static<typeof Held>;
export type LinesOptions = Static<typeof Lines>;
