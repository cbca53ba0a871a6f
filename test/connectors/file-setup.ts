import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import type { Column, Connector, Source } from "../../src/connectors/contract.js";
import { columnsOf, contextIn, folderWith, type Outcome, outcomeOf } from "./csv-setup.js";

/** A connector that reads files, opened as the configuration opens it: options checked, with defaults. */
export function opener<S extends TSchema>(connector: Connector, schema: S) {
  return (folder: string, given: Partial<Static<S>>, context = contextIn(folder)): Source => {
    const options = Value.Default(schema, { files: "*", ...given });
    if (!Value.Check(schema, options)) throw new Error(`not valid options: ${JSON.stringify(options)}`);
    return (connector.source as NonNullable<Connector["source"]>).open({} as never, options as never, context);
  };
}

/** Reads `content` as the only file, `name`. */
export function reader<S extends TSchema>(connector: Connector, schema: S, name: string) {
  const open = opener(connector, schema);
  return (
    content: string | Uint8Array,
    columns: readonly string[] | readonly Column[],
    given: Partial<Static<S>> = {},
  ): Promise<Outcome> => {
    const wanted = columns.map((column) => (typeof column === "string" ? (columnsOf(column)[0] as Column) : column));
    return outcomeOf(open(folderWith({ [name]: content }), given), wanted);
  };
}
