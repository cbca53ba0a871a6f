import type { Pipeline } from "../config/pipeline.js";
import { type Problem, ProblemError } from "../model/problem.js";
import type { Row } from "../model/record.js";
import { memberOf } from "../steps/batch.js";
import { type Explained, explainDocument } from "../steps/explain.js";
import type { StoredRecord } from "../store/records.js";
import type { Store } from "../store/store.js";
import { inLineOrder, recordDecoder } from "./wish.js";

export interface ShowRequest {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly store: Store;
}

/** The records of one document, or of one member of a batch, and what becomes of them. */
export interface Shown {
  /** Null where the document stands for one thing. */
  readonly member: string | null;
  /** In the order of the lines. */
  readonly records: readonly StoredRecord[];
  readonly explained: Explained;
}

/**
 * What the records in the store come to under the pipeline as it is now, line by line. Null where there is no such document; throws ProblemError
 * where one of its records cannot be used.
 */
export function showDocument(request: ShowRequest, key: string): readonly Shown[] | null {
  const { pipeline, pipelineId, store } = request;
  const found = store.records.document(pipelineId, key);
  if (found === null) return null;
  const decode = recordDecoder(request);
  const parts = new Map<string | null, { readonly records: StoredRecord[]; readonly rows: Row[] }>();
  for (const record of inLineOrder(found.records, pipeline.source.key !== null)) {
    if (record.problem !== null) throw new ProblemError(JSON.parse(record.problem) as Problem);
    const row = decode(record);
    if (!Array.isArray(row)) throw new ProblemError(row as Problem);
    const member = pipeline.mapping.batch === null ? null : memberOf(pipeline, key, row as Row);
    const part = parts.get(member) ?? { records: [], rows: [] };
    part.records.push(record);
    part.rows.push(row as Row);
    parts.set(member, part);
  }
  return [...parts].map(([member, { records, rows }]) => ({ member, records, explained: explainDocument(pipeline, key, rows) }));
}
