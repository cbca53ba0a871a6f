import { nearestName } from "../model/nearest.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import type { QuarantineItem } from "../store/quarantine.js";
import type { Store } from "../store/store.js";
import { pipelineInStore } from "./session.js";

export type PipelineInStore = ReturnType<typeof pipelineInStore>;

/** Which items of the list are meant. */
interface Wanted {
  readonly dropped?: boolean;
  /** A problem code. */
  readonly cause?: string;
  /** Part of what is wrong with them. */
  readonly about?: string;
}

export function chosenPipelines(store: Store, name: string | undefined): PipelineInStore[] {
  return name === undefined ? store.pipelineNames().map((each) => pipelineInStore(store, each)) : [pipelineInStore(store, name)];
}

/** What waits of a pipeline, or was dropped. */
export function listedItems(store: Store, { id }: PipelineInStore, { dropped, cause, about }: Wanted): QuarantineItem[] {
  const all = dropped === true ? store.quarantine.dropped(id) : store.quarantine.list(id);
  const code = cause?.toUpperCase();
  return all.filter(
    ({ problem: each }) => (code === undefined || each.code === code) && (about === undefined || each.message.includes(about)),
  );
}

/** The same, and at least one. */
export function causedItems(store: Store, pipeline: PipelineInStore, wanted: Wanted): QuarantineItem[] {
  const items = listedItems(store, pipeline, wanted);
  if (items.length > 0) return items;
  throw new ProblemError(nothingWaits(store, pipeline, wanted));
}

function nothingWaits(store: Store, { id, name }: PipelineInStore, { cause, about }: Wanted): Problem {
  const codes = [...new Set(store.quarantine.list(id).map((item) => item.problem.code as string))];
  const near = cause === undefined || codes.includes(cause.toUpperCase()) ? null : nearestName(cause.toUpperCase(), codes);
  const because = [
    cause === undefined ? "" : ` because of \`${cause}\``,
    about === undefined ? "" : ` with \`${about}\` in what is wrong`,
  ].join("");
  const hint = near === null ? "`sync quarantine list --by cause` shows what waits, and why" : `did you mean \`${near}\`?`;
  return problem("NOT_FOUND", `nothing of \`${name}\` waits${because}`, [], hint);
}

export function itemsOf(store: Store, pipeline: PipelineInStore, key: string): QuarantineItem[] {
  const exact = store.quarantine.find(pipeline.id, key);
  if (exact.length > 0) return exact;
  // Keys of several parts are shown as `a / b`, and people copy what they see.
  const all = [...store.quarantine.list(pipeline.id), ...store.quarantine.records(pipeline.id), ...store.quarantine.dropped(pipeline.id)];
  const ids = new Set<number>();
  return all.filter((item) => displayKey(item.key) === key && !ids.has(item.id) && ids.add(item.id));
}

export function itemsOrThrow(store: Store, pipeline: PipelineInStore, key: string): QuarantineItem[] {
  const items = itemsOf(store, pipeline, key);
  if (items.length === 0) throw notThere(store, pipeline.name, key);
  return items;
}

export function notThere(store: Store, pipeline: string | undefined, key: string): ProblemError {
  const keys = chosenPipelines(store, pipeline).flatMap(({ id }) => store.quarantine.list(id).map((item) => displayKey(item.key)));
  const near = nearestName(key, keys);
  return new ProblemError(
    problem(
      "NOT_FOUND",
      `\`${key}\` is not in quarantine`,
      [],
      near === null ? "`sync quarantine list` shows what is" : `did you mean \`${near}\`?`,
    ),
  );
}
