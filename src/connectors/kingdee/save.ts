import type { PostOutcome } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { PostItem } from "../contract.js";
import type { Json } from "../http/json.js";
import { CODE, type Status, wordsOf } from "./answer.js";
import { type Books, faultsAt, foundOf, only, placed, refusal, unwritable } from "./books.js";
import { QueryFault } from "./client.js";
import type { Hit } from "./register.js";
import { exact } from "./values.js";

/** A document to be saved. */
export interface Saving {
  readonly item: PostItem;
  /** Of the draft that gets this content; null for a new one. */
  readonly id: string | null;
}

/** On its way: with its key as it is written, and its Model. */
interface Sent extends Saving {
  readonly document: string;
  readonly key: string;
  readonly model: Json;
}

/** So often it is looked whether what was saved is found by its key. */
const MOST_LOOKS = 3;
const BETWEEN_LOOKS_MS = 1_000;

/** Saves many documents in one call, and looks afterwards what is there under their keys. */
export class Saver {
  /** The field does not keep our keys: documents could not be found again, and would be booked twice. */
  private isKeyLost = false;

  constructor(
    private readonly books: Books,
    private readonly sleep: (ms: number) => Promise<void>,
  ) {}

  /** Throws ProblemError where nothing may be saved. */
  ensureKept(): void {
    if (!this.isKeyLost) return;
    const { key } = this.books;
    throw new ProblemError(
      problem(
        "TARGET_UNAVAILABLE",
        `what was saved is not found by its key in \`${key.field}\``,
        [],
        "nothing more is sent; the field may be too short, or be another one: check `key`, then resolve what was saved",
      ),
    );
  }

  /** One outcome per document, in order. Sends once. */
  async save(savings: readonly Saving[]): Promise<readonly PostOutcome[]> {
    const outcomes = new Map<Saving, PostOutcome>();
    const sent: Sent[] = [];
    for (const saving of savings) {
      const document = saving.item.document.key;
      try {
        sent.push({ ...saving, document, ...this.modelOf(saving) });
      } catch (error) {
        outcomes.set(saving, unwritable(error, document));
      }
    }
    const judged = sent.length === 0 ? [] : await this.send(sent);
    let next = 0;
    return savings.map((saving) => {
      const known = outcomes.get(saving);
      if (known !== undefined) return known;
      next += 1;
      return judged[next - 1] as PostOutcome;
    });
  }

  private modelOf({ item, id }: Saving): { readonly key: string; readonly model: Json } {
    const { form, key } = this.books;
    const { type } = item.document;
    if (form.types.length > 0 && !form.types.includes(type)) {
      const taken = form.types.map((each) => `\`${each}\``).join(", ");
      const message = `a document \`${type}\` does not go into ${form.form}, which takes ${taken}`;
      throw new ProblemError(problem("TARGET_UNAVAILABLE", message, [], "choose another `form`, or write its `model`"));
    }
    const written = key.write(item.idempotencyKey);
    const model = key.into(form.write(item), written);
    return { key: written, model: new Map<string, Json>([[form.id, exact(id ?? "0")], ...model]) };
  }

  private async send(sent: readonly Sent[]): Promise<readonly PostOutcome[]> {
    const { client, form } = this.books;
    const data = new Map<string, Json>([
      ["IsDeleteEntry", true],
      ["NumberSearch", true],
      ["ValidateFlag", true],
      ["Model", sent.map(({ model }) => model)],
      ["BatchCount", exact(String(sent.length))],
    ]);
    const acted = await client.act("BatchSave", form.form, data);
    if (acted.kind !== "answered") return sent.map(({ document }) => placed(acted, document));
    const judged = sent.map((each, place) => this.judge(acted.status, each, place, sent.length === 1));
    return this.compare(sent, judged, acted.status);
  }

  /** What the answer says of one place of the call. What it does not speak of may have been done. */
  private judge(status: Status, { document, key }: Sent, place: number, isAlone: boolean): PostOutcome {
    const { form, client } = this.books;
    const isItself = this.books.key.isNumber;
    const faults = faultsAt(status.faults, place, isAlone);
    const success = status.successes.find(
      (each) => each.place === place || (each.place === null && (isAlone || (isItself && each.number === key))),
    );
    const unconfirmed = (why: string): PostOutcome =>
      placed({ kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `BatchSave of ${form.form}: ${why}`) }, document);
    const words = client.redaction.show(wordsOf({ faults, code: status.code }));
    if (success !== undefined && faults.length > 0) return unconfirmed(`it says of this document that it is saved, and: ${words}`);
    if (success !== undefined) {
      const reference = success.number ?? success.id;
      return reference === null
        ? unconfirmed("it says that this document is saved, and names neither number nor id")
        : { kind: "created", reference };
    }
    if (faults.length === 0 && !(isAlone && !status.isSuccess)) return unconfirmed("the answer says nothing about this document");
    if (status.code === CODE.database) return unconfirmed(words);
    if (status.code === CODE.locked) return placed({ kind: "busy", problem: problem("TARGET_BUSY", words), retryAfterMs: null }, document);
    return refusal(this.books, words, document);
  }

  /** The call is over, so what is under the keys now is what became of it. */
  private async compare(sent: readonly Sent[], judged: readonly PostOutcome[], status: Status): Promise<readonly PostOutcome[]> {
    const found = await this.look(sent, judged);
    if (found === null) {
      // An exception may have come after it was saved.
      return judged.map((outcome, index) =>
        outcome.kind === "rejected" && status.code === CODE.exception
          ? placed({ kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", outcome.problem.message) }, (sent[index] as Sent).document)
          : outcome,
      );
    }
    const { until } = this.books;
    return sent.map(({ key, document }, index): PostOutcome => {
      const outcome = judged[index] as PostOutcome;
      const hit = only(found.get(key), key, document);
      if (hit === null) return outcome.kind === "created" && until !== "save" ? { ...outcome, step: "save" } : outcome;
      if ("code" in hit) return placed({ kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", hit.message) }, document);
      return { kind: outcome.kind === "created" ? "created" : "exists", ...foundOf(hit, until) };
    });
  }

  /** Null where it cannot be asked. */
  private async look(sent: readonly Sent[], judged: readonly PostOutcome[]): Promise<ReadonlyMap<string, readonly Hit[]> | null> {
    const keys = sent.map(({ key }) => key);
    const created = keys.filter((_, index) => judged[index]?.kind === "created");
    for (let looks = 1; ; looks += 1) {
      let found: ReadonlyMap<string, readonly Hit[]>;
      try {
        found = await this.books.register.find(keys);
      } catch (error) {
        if (error instanceof QueryFault || error instanceof ProblemError) return null;
        throw error;
      }
      const missing = created.filter((key) => found.get(key)?.length === 0);
      if (missing.length === 0) return found;
      if (looks === MOST_LOOKS) {
        this.isKeyLost = true;
        return found;
      }
      await this.sleep(BETWEEN_LOOKS_MS);
    }
  }
}
