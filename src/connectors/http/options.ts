import { type Static, Type } from "typebox";
import { answerPath, body, closed, DURATION, Duplicate, Reference, Rejected, request, when } from "./option-parts.js";
import { Latest, List, Lookup, Read } from "./question-options.js";

const Post = request(
  ["POST", "PUT", "PATCH"],
  "POST",
  {
    reference: Reference,
    step: Type.Optional(
      Type.String({
        minLength: 1,
        description: "what this first step is called, where `steps` follow; `save` when left out",
        examples: ["save"],
      }),
    ),
    rejected: Type.Optional(Rejected),
    duplicate: Type.Optional(Duplicate),
  },
  "/vouchers",
);

/** What success means for a call about a document that has its number already. */
const onPosting = (done: string) => ({
  reference: Type.Optional(Reference),
  done: Type.Optional(when(done)),
  rejected: Type.Optional(Rejected),
  duplicate: Type.Optional(Duplicate),
});
const KEPT = "an answer that means success without a number of its own; the number that the document has is kept";

const Reverse = request(
  ["POST", "PUT", "PATCH", "DELETE"],
  "POST",
  onPosting("an answer that means success without a number of its own; the number of the cancelled document is kept"),
  "/vouchers/{$.reference}/cancel",
);

const Step = request(
  ["POST", "PUT", "PATCH"],
  "POST",
  {
    name: Type.String({
      minLength: 1,
      description: "what the step is called in messages and in `lookup.step`",
      examples: ["submit", "audit"],
    }),
    ...onPosting(KEPT),
  },
  "/vouchers/{$.reference}/submit",
);

const Update = request(["POST", "PUT", "PATCH"], "PUT", onPosting(KEPT), "/vouchers/{$.reference}");

const Delete = request(
  ["POST", "PUT", "PATCH", "DELETE"],
  "DELETE",
  onPosting("an answer that means that it is deleted; its own number is kept"),
  "/vouchers/{$.reference}",
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
    steps: Type.Optional(
      Type.Array(Type.Object(Step.properties, { ...closed, description: "one step" }), {
        minItems: 1,
        description: "what follows the creation, in order, where the target books in several steps, such as submit and audit",
        examples: [[{ name: "submit", path: "/vouchers/{$.reference}/submit", done: { path: "$.status", equals: "B" } }]],
      }),
    ),
    update: Type.Optional(
      Type.Object(Update.properties, { ...closed, description: "how a draft is given other content, and the key that belongs to it" }),
    ),
    delete: Type.Optional(
      Type.Object(Delete.properties, { ...closed, description: "how a draft is deleted; what is no draft is cancelled as `reverse` says" }),
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
    list: Type.Optional(
      Type.Object(List.properties, {
        ...closed,
        description: "how everything that a pipeline posted is listed, oldest first where the system can, so that a lost store is rebuilt",
      }),
    ),
    read: Type.Optional(
      Type.Object(Read.properties, {
        ...closed,
        description: "how a posting is read back, so that what a person changed in the target is noticed",
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
export type BatchOptions = NonNullable<HttpTargetOptions["batch"]>;
