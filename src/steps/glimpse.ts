import { hash } from "node:crypto";
import type { Pipeline } from "../config/pipeline.js";
import { cursorText } from "../model/cursor.js";
import type { Field, Glimpsed, Origin } from "../model/record.js";
import type { Value } from "../model/value.js";
import { type Cell, converter, recordKey } from "./validate.js";

/** Null for a record that can only be told by reading it. */
export type RecordGlimpse = (cells: readonly Cell[], origin: Origin) => Glimpsed | null;

export interface GlimpseOptions {
  readonly timeZone: string;
  /** The version of the program: another one may read the same cells in another way. */
  readonly program: string;
}

/** Stands between cells, as in keys. A record that has it inside a cell is read. */
const SEPARATOR = "\u001f";
const SEPARATOR_CODE = 0x1f;
/** 132 bits of a SHA-256, in base64. */
const LENGTH = 22;
/** 36 bits of it say how the cells are read. */
const HOW_LENGTH = 6;

/** Made once per run. Most records of a whole delivery came before, and cost a fingerprint then in place of being checked, mapped to keys and written as JSON. */
export function recordGlimpse(pipeline: Pipeline, { timeZone, program }: GlimpseOptions): RecordGlimpse {
  const { source } = pipeline;
  const { fields } = source.schema;
  const read = fields.map((field) => converter(field, source, timeZone));
  const valueAt = (cells: readonly Cell[], index: number): Value | undefined => {
    const cell = cells[index] ?? null;
    if (cell === null || cell === "") return null;
    if (typeof cell === "boolean") return (fields[index] as Field).type === "boolean" ? cell : undefined;
    return read[index]?.(cell);
  };
  const how = fingerprint([pipeline.recordFingerprint, timeZone, program].join(SEPARATOR)).slice(0, HOW_LENGTH);

  return (cells, origin) => {
    const key = recordKey(source, origin, (index) => valueAt(cells, index) ?? null);
    if (key === null) return null;
    let cursor: string | null = null;
    if (source.cursor !== null) {
      const value = valueAt(cells, source.cursor.field);
      if (value === undefined) return null;
      cursor = cursorText(value);
    }
    const text = cells.join(SEPARATOR);
    let separators = 0;
    for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) === SEPARATOR_CODE) separators += 1;
    if (separators !== cells.length - 1) return null;
    let booleans = "";
    for (let index = 0; index < cells.length; index += 1) if (typeof cells[index] === "boolean") booleans += SEPARATOR + index;
    return { key, cursor, cells: how + fingerprint(booleans === "" ? text : text + booleans) };
  };
}

function fingerprint(text: string): string {
  return hash("sha256", text, "base64").slice(0, LENGTH);
}
