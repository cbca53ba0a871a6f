import { type Static, Type } from "typebox";
import { closed, DURATION } from "../http/option-parts.js";
import { MOST_ROWS } from "./client.js";
import { STREAMS } from "./streams.js";

export const FIELD_KEY = "^[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)*$";
export const fieldKey = (description: string, ...examples: string[]) => Type.String({ pattern: FIELD_KEY, description, examples });
const length = "^[1-9]\\d{0,4}(m|h|d)$";

const Since = Type.Object(
  {
    start: Type.String({
      minLength: 1,
      description: "where the very first reading begins, and every `--full` one: a date, or a time with zone",
      examples: ["2026-01-01", "2026-01-01T00:00:00+08:00"],
    }),
    field: Type.String({
      pattern: FIELD_KEY,
      description: "the field with the time of the last change; some base data spell it `FMODIFYDATE`",
      default: "FModifyDate",
      examples: ["FMODIFYDATE"],
    }),
    overlap: Type.String({
      description: "how much of the time before it each span takes in again, for changes that are shown late",
      default: "0",
      pattern: DURATION,
      examples: ["5m"],
    }),
    lag: Type.String({ description: "how long before now the reading ends", default: "0", pattern: DURATION, examples: ["1m"] }),
    most: Type.Optional(
      Type.String({
        pattern: length,
        description: "the longest span that is read as one unit; a longer one is read in several",
        examples: ["31d"],
      }),
    ),
    halve: Type.Optional(
      Type.String({
        pattern: length,
        description: "a span that is too much for the server is read in halves, down to this length",
        examples: ["1h"],
      }),
    ),
  },
  { ...closed, description: "reads what changed, in half-open spans of time; everything, as one unit, when left out" },
);
export const KingdeeSourceOptions = Type.Object(
  {
    stream: Type.Optional(
      Type.Enum(Object.keys(STREAMS) as (keyof typeof STREAMS)[], {
        description:
          "what is read, by its name here: it says the form, the order of rows and the organisation field; `projects` needs `form`, which differs from site to site",
        examples: ["departments", "suppliers"],
      }),
    ),
    form: Type.Optional(
      Type.String({
        pattern: "^\\w+$",
        description: "FormId of what is read, instead of or beside `stream`",
        examples: ["BD_Department", "BAS_PreBaseDataOne"],
      }),
    ),
    filter: Type.Optional(
      Type.String({
        minLength: 1,
        description: "a further condition in the ERP's own words, which stands in its SQL; a quote in a text is doubled",
        examples: ["FAcctTable.FNumber = 'KJKMB01_SYS'"],
      }),
    ),
    approved: Type.Optional(
      Type.Boolean({
        description: "whether only what is approved (`FDocumentStatus` C) is read; yes for base data and no for bills when left out",
        examples: [false],
      }),
    ),
    usable: Type.Boolean({
      description:
        "whether what is forbidden (`FForbidStatus` B) is left out; read it, with that field as a column, where the other side has to learn of it",
      default: false,
      examples: [true],
    }),
    organisations: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: "numbers of the organisations whose data are read; those that the user may see when left out",
        examples: [["100", "101"]],
      }),
    ),
    organisation_field: Type.Optional(
      fieldKey("where the number of the organisation stands, instead of where the stream has it", "FCreateOrgId.FNumber"),
    ),
    order: Type.Optional(
      Type.Array(Type.String({ pattern: FIELD_KEY }), {
        minItems: 1,
        description: "fields that together differ in every row and order the pages; with fields of entries, also the key of the entry",
        examples: [["FVOUCHERID", "FEntity_FEntryID"]],
      }),
    ),
    since: Type.Optional(Since),
    page_size: Type.Integer({
      description: "rows in one answer",
      default: MOST_ROWS,
      minimum: 2,
      maximum: 10_000,
      examples: [500],
    }),
    times: Type.Enum(["instants", "as sent"], {
      description:
        "how times are given: as instants, with midnight as a plain date, which is how the ERP writes dates; or as the ERP sends them",
      default: "instants",
      examples: ["as sent"],
    }),
  },
  closed,
);
export type KingdeeSourceOptions = Static<typeof KingdeeSourceOptions>;
