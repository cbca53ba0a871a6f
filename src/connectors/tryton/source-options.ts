import { type Static, Type } from "typebox";
import { closed, DURATION } from "../http/option-parts.js";
import { STREAMS } from "./streams.js";

const length = "^[1-9]\\d{0,4}(m|h|d)$";

const Since = Type.Object(
  {
    start: Type.String({
      minLength: 1,
      description: "where the very first reading begins, and every `--full` one: a date, or a time with zone",
      examples: ["2026-01-01", "2026-01-01T00:00:00+08:00"],
    }),
    overlap: Type.String({
      description:
        "how much of the time before it each span takes in again: the ERP stamps a change with the start of its transaction, so that a slow one shows up late",
      default: "5m",
      pattern: DURATION,
      examples: ["15m"],
    }),
    lag: Type.String({ description: "how long before now the reading ends", default: "0", pattern: DURATION, examples: ["1m"] }),
    most: Type.Optional(
      Type.String({
        pattern: length,
        description: "the longest span that is read as one unit; a longer one is read in several",
        examples: ["31d"],
      }),
    ),
  },
  { ...closed, description: "reads what was made or changed, in half-open spans of time; everything, as one unit, when left out" },
);

export const TrytonSourceOptions = Type.Object(
  {
    stream: Type.Optional(
      Type.Enum(Object.keys(STREAMS) as (keyof typeof STREAMS)[], {
        description: "what is read, by its name here",
        examples: ["parties", "move lines"],
      }),
    ),
    model: Type.Optional(
      Type.String({
        pattern: "^[a-z_]+(\\.[a-z_]+)+$",
        description: "model that is read, instead of `stream`",
        examples: ["product.product"],
      }),
    ),
    domain: Type.Optional(
      Type.Array(Type.Unknown(), {
        description: "a further condition, as the ERP writes domains: lists of field, operator and value",
        examples: [[["type", "=", "in"]], [["move.state", "=", "posted"]]],
      }),
    ),
    inactive: Type.Boolean({
      description: "whether records that are not active any more are read too, so that the other side learns of it by the column `active`",
      default: false,
      examples: [true],
    }),
    since: Type.Optional(Since),
    page_size: Type.Integer({
      description: "records in one answer",
      default: 500,
      minimum: 1,
      maximum: 10_000,
      examples: [1000],
    }),
  },
  closed,
);
export type TrytonSourceOptions = Static<typeof TrytonSourceOptions>;
