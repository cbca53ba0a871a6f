import { isList, isObject, type Json, textOf } from "../http/json.js";
import { type Path, parsePath, valueAt } from "../http/path.js";
import { failure, PageFault } from "../http/source/fault.js";
import type { HesiClient, Query } from "./client.js";

/** The largest page there is; more is cut to it silently. */
export const PAGE = 100;
/** How often the walk may step back before it is begun anew. */
const MOST_STEPS_BACK = 20;

export type Row = ReadonlyMap<string, Json>;

export interface ListCall {
  readonly path: string;
  readonly query: Query;
  /** How the rows of one page are asked for; `start` and `count` when left out, `none` where one answer holds everything. */
  readonly pages?: "none";
  readonly size?: number;
}

const COUNT = parsePath("$.count") as Path;

/**
 * The rows of a list, page by page, each once. A list moves while it is read: a document that is changed leaves its window, and those behind it
 * move up. So a page continues the list only where its first row was seen before: everything in front of that row was on pages before, or has
 * left the list. Where the first row is new, the walk steps back until one is known. At the end at least as many rows must have come as the list
 * has, else it is read anew.
 */
export async function* listRows(client: HesiClient, call: ListCall): AsyncGenerator<readonly Row[]> {
  const { path, query, size = PAGE } = call;
  if (call.pages === "none") {
    yield rowsOf((await client.ask(client.get(path, query), "$.items")).records, path);
    return;
  }
  const seen = new Set<string>();
  let start = 0;
  let stepsBack = 0;
  let total: number | null = null;
  for (;;) {
    const asked = client.get(path, { ...query, start, count: size });
    const { reading, records } = await client.ask(asked, "$.items");
    const rows = rowsOf(records, path);
    // Older releases say 0 for every page but the first.
    const count = countOf(textOf(valueAt(COUNT, reading)));
    if (count !== null && (count > 0 || start === 0)) total = count;
    const first = rows[0];
    if (start > 0 && (first === undefined ? total === null || seen.size < total : !seen.has(idOf(first, path)))) {
      // One row is asked for again with every page, so this one is not where the page before ended.
      stepsBack += 1;
      if (stepsBack > MOST_STEPS_BACK) throw moved("it goes on moving");
      start = Math.max(0, start - size);
      continue;
    }
    const fresh = rows.filter((row) => !seen.has(idOf(row, path)));
    for (const row of fresh) seen.add(idOf(row, path));
    if (fresh.length > 0) yield fresh;
    const reached = start + rows.length;
    const isEnd = total === null ? fresh.length === 0 : reached >= total || rows.length === 0;
    if (isEnd) break;
    // A page with nothing new and no end would be asked for for ever.
    if (rows.length <= 1 && fresh.length === 0) throw moved(`it says that there are ${total}, and gives no more`);
    start = reached - 1;
  }
  if (total !== null && seen.size < total) throw moved(`it says that there are ${total} rows, and gives ${seen.size}`);
}

function moved(why: string): PageFault {
  return new PageFault("moved", `the list changed while it was read: ${why}`, "the next run reads it again");
}

function rowsOf(records: readonly Json[], path: string): readonly Row[] {
  return records.map((record) => (isObject(record) ? record : noRow(path)));
}

function noRow(path: string): never {
  return failure(`\`${path}\` lists something that is no object`, "tell those who run it", "SOURCE_FORMAT");
}

export function idOf(row: Row, path: string): string {
  return textOf(row.get("id")) ?? failure(`\`${path}\` lists something without an \`id\``, "tell those who run it", "SOURCE_FORMAT");
}

function countOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** The objects of a list within a row; none where there is no list. */
export function listAt(row: Row, ...path: readonly string[]): readonly Row[] {
  let value: Json = row;
  for (const name of path) value = isObject(value) ? (value.get(name) ?? null) : null;
  return isList(value) ? value.filter(isObject) : [];
}
