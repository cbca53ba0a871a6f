import { Type } from "typebox";

const closed = { additionalProperties: false } as const;

/** One of `checks` of a pipeline: a value that stands in one document only, or a condition. */
export const Check = Type.Union([
  Type.Object(
    {
      unique: Type.String({ description: "no two documents may share a value of this field, over all history" }),
      separator: Type.Optional(
        Type.String({
          description: "what stands between the values where the field can hold several; blanks around a value do not count",
          minLength: 1,
          maxLength: 10,
          examples: [","],
        }),
      ),
      register: Type.Optional(
        Type.String({
          description:
            "the name of a register that all pipelines of the project share which name it: a value stands once in all of them. Without it, once in this pipeline",
          minLength: 1,
          maxLength: 80,
          examples: ["invoices"],
        }),
      ),
      "also when": Type.Optional(
        Type.String({
          description:
            "a document that is not wanted by `when` holds its values all the same where this is true, because it is booked elsewhere; nothing is posted for it, and whatever comes later with one of its values waits",
          template: true,
          examples: ['${状态 in ["paid", "archived"]}'],
        }),
      ),
    },
    closed,
  ),
  Type.Object(
    {
      require: Type.String({
        description: "must be true for the document",
        template: true,
        examples: ["${sum(不含税金额) + sum(税额) == sum(价税合计)}"],
      }),
      else: Type.String({ description: "what to tell the accountant when it is not" }),
    },
    closed,
  ),
]);
