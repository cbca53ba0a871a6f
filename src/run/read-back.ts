import pLimit from "p-limit";
import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import { documentCover } from "../model/document-cover.js";
import type { Held, Posting } from "../model/posting.js";
import { type Problem, ProblemError } from "../model/problem.js";
import { editedProblem, reconsider, type Standing, standingOf } from "../steps/reconsider.js";
import type { Store } from "../store/store.js";
import { allOver } from "./all-over.js";
import type { Effects } from "./effects.js";
import type { HeldLease } from "./lease.js";
import type { Outcome } from "./wish.js";

interface ReadBackRequest {
  readonly pipeline: Pipeline;
  readonly runId: number;
  readonly store: Store;
  readonly target: Target;
  readonly effects: Effects;
  readonly lease: HeldLease;
}

/**
 * Looks at what the target holds of everything that is about to be changed, and with `verify` of all that was posted, so
 * that what a person did there is not overwritten, and a draft is treated as one.
 */
export async function readBack(request: ReadBackRequest, outcomes: readonly Outcome[]): Promise<readonly Outcome[]> {
  const { target, effects } = request;
  if (target.read === undefined && target.traits.drafts !== true) return outcomes;
  const asked = outcomes.filter(
    ({ change, posted }) => change !== null && change.kind !== "create" && change.kind !== "hold" && posted.length > 0,
  );
  const postings = [...new Map(asked.flatMap(({ posted }) => posted.map((each) => [each.idempotencyKey, each]))).values()];
  if (postings.length === 0) return outcomes;
  // What counts is when it was asked: the answer may be old by the time it comes.
  const askedAt = effects.now().getTime();
  const held = await holdings(target, postings);
  const cover = documentCover(request.pipeline.personal);
  const standings: Standings = new Map(
    postings.map((posted, index): [string, Standing | Problem] => {
      const answer = held[index] as Answer;
      if (answer.kind === "unknown") return [posted.idempotencyKey, answer.problem];
      const isFresh = askedAt - Date.parse(posted.postedAt) < target.traits.quietMs;
      return [posted.idempotencyKey, standingOf(posted, answer, { canUpdate: target.update !== undefined, isFresh, cover })];
    }),
  );
  const settled = new Set(asked);
  const done = outcomes.map((outcome) => (settled.has(outcome) ? compare(request, outcome, standings) : outcome));
  noteDecisions(request, outcomes, done, standings);
  return done;
}

export type Answer = Held | { readonly kind: "unknown"; readonly problem: Problem };
/** By idempotency key; a problem where the target could not tell. */
type Standings = ReadonlyMap<string, Standing | Problem>;

/** One answer per posting, in order; `batch`: how many are asked for in one call. */
export async function holdings(target: Target, postings: readonly Posting[], batch = target.traits.batch): Promise<readonly Answer[]> {
  const limit = pLimit(Math.max(1, target.traits.concurrency));
  const { read } = target;
  if (read !== undefined) {
    const batches: (readonly Posting[])[] = [];
    for (let from = 0; from < postings.length; from += batch) batches.push(postings.slice(from, from + batch));
    return (await allOver(batches.map((some) => limit(() => orUnknown(some, () => read.call(target, some)))))).flat();
  }
  // A look-up tells whether it is there and still a draft, and nothing of its content.
  const one = async (posting: Posting): Promise<readonly Held[]> => {
    const found = await target.lookup(posting.idempotencyKey);
    if (found === null) return [{ kind: "gone", reference: null }];
    return [{ kind: "held", document: posting.document, isDraft: found.isDraft === true }];
  };
  return (await allOver(postings.map((posting) => limit(() => orUnknown([posting], () => one(posting)))))).flat();
}

/** A question without an answer concerns its own documents only; nothing is done to them until it has one. */
async function orUnknown(postings: readonly Posting[], ask: () => Promise<readonly Held[]>): Promise<readonly Answer[]> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    return postings.map(() => ({ kind: "unknown", problem: cause.problems[0] as Problem }));
  }
}

function compare(request: ReadBackRequest, outcome: Outcome, standings: Standings): Outcome {
  const { change, posted, key } = outcome;
  if (change === null || change.kind === "quarantine") return outcome;
  const found = posted.map((each) => ({ posted: each, standing: standings.get(each.idempotencyKey) as Standing | Problem }));
  const hold = (problem: Problem): Outcome => ({ ...outcome, change: { kind: "hold", key, document: null, problem } });
  const unknown = found.find(({ standing }) => "code" in standing);
  if (unknown !== undefined) return hold(unknown.standing as Problem);
  const { edited } = request.pipeline.target;
  if (request.pipeline.mapping.batch === null) {
    const [current] = found;
    return current === undefined
      ? outcome
      : { ...outcome, change: reconsider(change, current.posted, current.standing as Standing, request.pipeline.target) };
  }
  // What is posted next is a difference to what stands there, so that must be as it was posted.
  const part = found.find(({ standing }) => isEdited(standing));
  if (part === undefined) return outcome;
  return edited === "keep target"
    ? { ...outcome, change: { kind: "keep", key } }
    : hold(editedProblem(key, part.posted, part.standing as Standing));
}

function isEdited(standing: Standing | Problem | undefined): boolean {
  return standing !== undefined && "found" in standing && (standing.found === "changed" || standing.found === "gone");
}

/** What is done without asking a person is written down; what is held is on the list. */
function noteDecisions(
  { store, pipeline, runId, effects, lease }: ReadBackRequest,
  before: readonly Outcome[],
  after: readonly Outcome[],
  standings: Standings,
): void {
  const decided = after.filter(({ change, posted }, index) => {
    const first = posted[0];
    const isDecided = change !== null && change.kind !== "hold" && change.kind !== "quarantine" && before[index]?.change?.kind !== "hold";
    const standing = first === undefined ? undefined : standings.get(first.idempotencyKey);
    return isDecided && isEdited(standing) && !(standing as Standing).isFresh;
  });
  if (decided.length === 0) return;
  lease.write(() => {
    const at = effects.now().toISOString();
    for (const { change, posted, key } of decided) {
      const { version, idempotencyKey, reference } = posted[0] as Posting;
      const found = (standings.get(idempotencyKey) as Standing).found === "gone" ? "gone" : "changed";
      const detail = { version, idempotencyKey, reference, found, decision: change?.kind ?? "keep" } as const;
      store.audit.append({ at, actor: effects.actor, event: "found changed", pipeline: pipeline.name, run: runId, subject: key, detail });
    }
  });
}
