import type { PostOutcome } from "../../model/posting.js";
import { ProblemError } from "../../model/problem.js";
import type { Json } from "../http/json.js";
import { CODE, type Status, wordsOf } from "./answer.js";
import { asked, type Books, faultsAt, foundOf, held, isDraft, isThrough, placed, refusal, type Step } from "./books.js";
import type { Acted } from "./client.js";
import type { Hit } from "./register.js";

/** A document in the ERP, and whose it is. */
export interface Known {
  readonly hit: Hit;
  readonly document: string;
  /** As its key is written. */
  readonly key: string;
}

/** What became of one document: the ERP says that it was done, or what it is now tells. */
type Done = { readonly kind: "done"; readonly hit: Hit } | Exclude<PostOutcome, { reference: string }>;

type Operation = "Submit" | "Audit" | "UnAudit" | "CancelAssign" | "Delete";

/** Takes documents from state to state, many in one call. What an answer leaves open is read from the state they are in then. */
export class Approval {
  constructor(private readonly books: Books) {}

  /** Takes documents one step further. One outcome per document, in order. Throws ProblemError only when nothing was done. */
  async advance(step: Exclude<Step, "save">, documents: readonly Known[]): Promise<readonly PostOutcome[]> {
    const { until } = this.books;
    const due = documents.filter(({ hit }) => !isThrough(hit, step) && this.isReady(hit, step));
    const done = await this.operate(step === "submit" ? "Submit" : "Audit", due, (hit) => hit !== null && isThrough(hit, step));
    return documents.map((known): PostOutcome => {
      const { hit, document } = known;
      if (isThrough(hit, step)) return { kind: "exists", ...foundOf(hit, until), step };
      const outcome = done.get(known);
      if (outcome === undefined) {
        const hint = "somebody withdrew or rejected it: submit it again in the ERP, or correct it at the source";
        return held(
          `${hit.number} is in the state \`${hit.status}\`, and only what waits for approval (\`B\`) can be approved`,
          document,
          hint,
        );
      }
      return outcome.kind === "done" ? { kind: "created", ...foundOf(outcome.hit, until), step } : outcome;
    });
  }

  /** Takes documents as far as they are taken by us. `through` are those that got there, with an outcome that says whether that was now. */
  async finish(documents: readonly Known[]): Promise<ReadonlyMap<Known, PostOutcome>> {
    const { until } = this.books;
    const outcomes = new Map<Known, PostOutcome>(documents.map((known) => [known, { kind: "created", ...foundOf(known.hit, until) }]));
    let current = new Map(documents.map((known) => [known, known.hit]));
    for (const step of ["submit", "audit"] as const) {
      if (until === "save" || (until === "submit" && step === "audit")) break;
      const at = [...current].map(([known, hit]) => ({ ...known, hit, origin: known }));
      const taken = await guarded(() => this.advance(step, at), at);
      const next = new Map<Known, Hit>();
      at.forEach(({ origin, hit }, index) => {
        const outcome = taken[index] as PostOutcome;
        outcomes.set(origin, outcome);
        if ("reference" in outcome) next.set(origin, { ...hit, status: isThrough(hit, step) ? hit.status : step === "submit" ? "B" : "C" });
      });
      current = next;
    }
    return outcomes;
  }

  /** One call for all; each that it does not name as done is looked at again, and `isDone` says whether it was. */
  async operate(
    operation: Operation,
    documents: readonly Known[],
    isDone: (hit: Hit | null) => boolean,
  ): Promise<ReadonlyMap<Known, Done>> {
    const outcomes = new Map<Known, Done>();
    if (documents.length === 0) return outcomes;
    const { client, form } = this.books;
    const data = new Map<string, Json>([["Ids", documents.map(({ hit }) => hit.id).join(",")]]);
    const acted = await client.act(operation, form.form, data);
    const open = documents.filter((known) => !this.isNamed(acted, known.hit));
    for (const known of documents) if (!open.includes(known)) outcomes.set(known, { kind: "done", hit: known.hit });
    if (open.length === 0) return outcomes;
    if (acted.kind !== "answered") {
      for (const known of open) outcomes.set(known, placed(acted, known.document));
      return outcomes;
    }
    const { register } = this.books;
    const found = await guardedQuestion(() => register.find(open.map(({ key }) => key)));
    for (const known of open) {
      const place = documents.indexOf(known);
      const now = found === null ? null : (found.get(known.key)?.find(({ id }) => id === known.hit.id) ?? null);
      if (found !== null && isDone(now)) outcomes.set(known, { kind: "done", hit: now ?? known.hit });
      else outcomes.set(known, this.undone(operation, acted.status, known, place, documents.length === 1, found !== null));
    }
    return outcomes;
  }

  private undone(
    operation: Operation,
    status: Status,
    { document }: Known,
    place: number,
    isAlone: boolean,
    isSeen: boolean,
  ): Exclude<Done, { kind: "done" }> {
    const { client, form } = this.books;
    const own = faultsAt(status.faults, place, isAlone);
    const words = client.redaction.show(wordsOf({ faults: own.length > 0 ? own : status.faults, code: status.code }));
    const message = `${operation} of ${form.form}: ${words}`;
    // What could not be looked at again may have been done.
    if (!isSeen || status.code === CODE.database)
      return placed({ kind: "unconfirmed", problem: { code: "TARGET_UNCONFIRMED", message, at: [] } }, document);
    if (status.code === CODE.locked)
      return placed({ kind: "busy", problem: { code: "TARGET_BUSY", message, at: [] }, retryAfterMs: null }, document);
    return refusal(this.books, message, document);
  }

  private isNamed(acted: Acted, hit: Hit): boolean {
    return acted.kind === "answered" && acted.status.successes.some(({ id }) => id === hit.id);
  }

  private isReady(hit: Hit, step: Step): boolean {
    return step === "audit" ? hit.status === "B" : isDraft(hit) || hit.status === "D";
  }
}

/** Between two calls of one piece of work something was done already, so that being refused now is an outcome, and no end of everything. */
export async function guarded<K extends { readonly document: string }>(
  work: () => Promise<readonly PostOutcome[]>,
  documents: readonly K[],
): Promise<readonly PostOutcome[]> {
  try {
    return await work();
  } catch (error) {
    const [cause] = error instanceof ProblemError ? error.problems : [];
    if (cause === undefined) throw error;
    return documents.map(({ document }): PostOutcome => placed({ kind: "busy", problem: cause, retryAfterMs: null }, document));
  }
}

/** Null where it cannot be asked now. */
async function guardedQuestion<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    const answer = await asked(question);
    return typeof answer === "object" && answer !== null && "retryAfterMs" in answer ? null : (answer as T);
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}
