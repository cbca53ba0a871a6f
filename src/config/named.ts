import { Type } from "typebox";

export const NAME_PATTERN = "^[\\p{L}\\p{N}][\\p{L}\\p{N}._-]*$";
export const Name = Type.String({ pattern: NAME_PATTERN, maxLength: 80 });

/** What an environment says of things that have names; the rest of each stays as it is. */
export const changesOf = (one: string) =>
  Type.Optional(
    Type.Record(Name, Type.Object({}, { additionalProperties: true }), {
      additionalProperties: false,
      description: `what differs from the ${one} of the same name`,
    }),
  );
