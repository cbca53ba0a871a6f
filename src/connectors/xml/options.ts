import { type Static, Type } from "typebox";
import {
  archiveOption,
  entriesOption,
  filesOption,
  type Ignored,
  ignoredOf,
  ignoreOption,
  markerOption,
  settleOption,
  trimOption,
  unpackLimitOption,
} from "../files/options.js";

export const XmlSourceOptions = Type.Object(
  {
    files: filesOption("invoices-*.xml", ["2026/**/*.xml", "!**/draft-*"]),
    entries: entriesOption,
    unpack_limit: unpackLimitOption,
    element: Type.String({
      description: "which elements are records: the whole path from the root, or a name that is looked for at any depth",
      pattern: "^(/[^/\\s@]+)+$|^[^/\\s@]+$",
      examples: ["/Invoices/Invoice", "Invoice"],
    }),
    namespaces: Type.Record(Type.String({ pattern: "^[^:/@.\\s]+$" }), Type.String({ minLength: 1 }), {
      description:
        "prefixes for namespaces: an element or attribute of one that is listed here is called `prefix:name`, whatever its prefix in the file; every other by its name alone",
      default: {},
      examples: [{ cbc: "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" }],
    }),
    repeated: Type.Union(
      [
        Type.Enum(["refuse"]),
        Type.Object(
          { join: Type.String({ description: "what stands between the texts", examples: ["; "] }) },
          { additionalProperties: false },
        ),
      ],
      {
        description:
          "what happens to a record in which a requested element stands several times: it waits in quarantine, or their texts are joined",
        default: "refuse",
        examples: [{ join: "; " }],
      },
    ),
    ignore: ignoreOption("(its fields as `name=value`, joined by commas)"),
    trim: trimOption,
    settle: settleOption,
    marker: markerOption,
    archive: archiveOption,
  },
  { additionalProperties: false },
);
export type XmlSourceOptions = Static<typeof XmlSourceOptions>;

/** The options as the reader uses them. */
export interface XmlSettings extends Ignored {
  /** Names of the elements from the root to a record; a single name that is looked for at any depth where `isAnywhere`. */
  readonly element: readonly string[];
  readonly isAnywhere: boolean;
  /** Prefix by namespace. */
  readonly prefixes: ReadonlyMap<string, string>;
  /** Null refuses repeated elements. */
  readonly join: string | null;
  readonly trim: boolean;
}

/** Throws ProblemError when a pattern cannot be read. */
export function settingsOf(options: XmlSourceOptions): XmlSettings {
  return {
    element: options.element.split("/").filter((name) => name !== ""),
    isAnywhere: !options.element.startsWith("/"),
    prefixes: new Map(Object.entries(options.namespaces).map(([prefix, uri]) => [uri, prefix])),
    join: typeof options.repeated === "object" ? options.repeated.join : null,
    trim: options.trim,
    ...ignoredOf(options.ignore),
  };
}
