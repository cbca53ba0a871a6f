import { Type } from "typebox";
import { Name } from "./named.js";

const closed = { additionalProperties: false } as const;

/** Who may approve plans; a part of `schema.ts`. */
export const Approvers = Type.Record(
  Name,
  Type.Object(
    {
      title: Type.Optional(Type.String({ description: "for people", examples: ["李娜, finance"] })),
      user: Type.Optional(
        Type.String({ description: "their operating-system user, so that nobody approves what they planned", examples: ["lina"] }),
      ),
      key: Type.Optional(
        Type.String({
          description:
            "their public key, as `sync keys new` prints it; with it only a signature counts, without it the operating-system user that the name stands for",
          pattern: "^[A-Za-z0-9+/]{59}=$",
          examples: ["MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="],
        }),
      ),
    },
    closed,
  ),
  { ...closed, description: "people who may approve plans, by name; pipelines use the names" },
);
