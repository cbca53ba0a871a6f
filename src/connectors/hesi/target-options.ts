import { type Static, Type } from "typebox";
import { closed, DURATION } from "../http/option-parts.js";

const words = (description: string, defaults: string[]) =>
  Type.Array(Type.String({ minLength: 1, examples: [defaults[0] as string] }), {
    minItems: 1,
    description,
    default: defaults,
    examples: [defaults],
  });

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });

const Payment = Type.Object(
  {
    paid: words("values of `status` that mean that it was paid", ["paid", "已付款"]),
    failed: words("values of `status` that mean that the payment failed", ["failed", "付款失败"]),
  },
  {
    ...closed,
    default: { paid: ["paid", "已付款"], failed: ["failed", "付款失败"] },
    description: "for `results: payment`: what the `status` of a result means",
  },
);

export const HesiTargetOptions = Type.Object(
  {
    results: Type.Enum(["voucher", "payment"], {
      description: "what a document of type `result` tells: under which number it was booked, or what became of its payment",
      default: "voucher",
      examples: ["payment"],
    }),
    source_is: Type.Enum(["id", "code"], {
      description:
        "by what a result names its document in `header.source`: by its id in Hesi, or by its number (单据编号), which costs a question for each",
      default: "id",
      examples: ["code"],
    }),
    payment: Payment,
    batch: Type.Integer({
      minimum: 1,
      maximum: 100,
      description:
        "voucher numbers in one call. Whether one bad document rejects the whole call is not known: a call with several that is refused is made again for each of them",
      default: 1,
      examples: [50],
    }),
    dimension: Type.Optional(
      text("for entities of the kind `dimension_item`: their dimension, by its id, its name or its code", "项目", "DA001"),
    ),
    entity: Type.Optional(text("for entities of the kind `datalink`: id of the business object (业务对象)", "26d60b5d6dd47f435000")),
    match_staff: Type.Enum(["code", "userId", "cellphone", "email"], {
      description:
        "for entities of the kind `staff`: by what a person is found. The code (工号) may be empty there, and may stand for several people, who are then refused; the others are taken from a header value of the same name",
      default: "code",
      examples: ["userId"],
    }),
    check_pending: Type.Boolean({
      description: "whether a person with open tasks is refused to be disabled",
      default: true,
      examples: [false],
    }),
    visible: Type.Enum(["when new", "always"], {
      description:
        "for dimension items: when it is said that everybody sees them. Whether a change that says nothing keeps what people set is not known; `always` sets it with every change",
      default: "when new",
      examples: ["always"],
    }),
    time_zone: Type.String({
      minLength: 1,
      description: "IANA time zone on whose clock the day of a result begins; that it is China's is inferred",
      default: "Asia/Shanghai",
      examples: ["Asia/Shanghai"],
    }),
    quiet: Type.String({
      pattern: DURATION,
      description: "how long an unanswered write may still arrive; it is written again after that",
      default: "30s",
      examples: ["2m"],
    }),
  },
  closed,
);
export type HesiTargetOptions = Static<typeof HesiTargetOptions>;
