import type { Document } from "../../model/document.js";
import type { PostOutcome } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { AdvanceItem, PostItem } from "../contract.js";
import { isObject } from "../http/json.js";
import { asked, askedAfter, type Books, type Failed, foundOf, isThrough, notThere, only, placed, rejected } from "./books.js";
import type { Hit, Step, Values } from "./forms/form.js";
import { isProblem } from "./forms/form.js";
import { type Ended, inHalves } from "./halves.js";
import { writeKey } from "./key.js";
import { idOf, idsOf, isTrue, type Plain } from "./values.js";

/** A document on its way, with its key as it is written. */
interface Sent {
  readonly item: PostItem;
  readonly document: string;
  readonly key: string;
  readonly values: Values;
  /** The draft that gets this content; null for a new one. */
  readonly draft: string | null;
}

/** Makes drafts, changes them and takes them further; and looks afterwards what is there under their keys, because an answer alone proves nothing. */
export class Saver {
  constructor(private readonly books: Books) {}

  /** One outcome per document, in order. `draft` is the id of the one that is written over. Throws ProblemError only when nothing was done. */
  async save(savings: readonly { readonly item: PostItem; readonly draft: string | null }[]): Promise<readonly PostOutcome[]> {
    const { form } = this.books;
    const documents = savings.map(({ item }) => item.document);
    const written = await asked(() => form.write(documents));
    if (!Array.isArray(written)) return documents.map(({ key }) => placed(written as Failed, key));
    const sent: Sent[] = [];
    const outcomes = new Map<PostItem, PostOutcome>();
    savings.forEach(({ item, draft }, index) => {
      const values = written[index] as Values;
      if (isProblem(values)) outcomes.set(item, { kind: "rejected", problem: values });
      else sent.push({ item, draft, document: item.document.key, key: writeKey(item.idempotencyKey), values });
    });
    const ended = new Map([
      ...(await this.create(sent.filter(({ draft }) => draft === null))),
      ...(await this.overwrite(sent.filter(({ draft }) => draft !== null))),
    ]);
    const found = sent.length === 0 ? new Map() : await askedAfter(() => this.books.register.find(sent.map(({ key }) => key)));
    for (const each of sent) outcomes.set(each.item, await this.judge(each, ended.get(each) as Ended, found));
    return savings.map(({ item }) => outcomes.get(item) as PostOutcome);
  }

  /** Takes documents one step further. One outcome per item, in order. Throws ProblemError only when nothing was done. */
  async advance(
    step: Exclude<Step, "draft">,
    items: readonly AdvanceItem[],
    found: ReadonlyMap<string, readonly Hit[]>,
  ): Promise<readonly PostOutcome[]> {
    const { client, form, until, register } = this.books;
    const outcomes = new Map<AdvanceItem, PostOutcome>();
    const due: { readonly item: AdvanceItem; readonly hit: Hit }[] = [];
    for (const item of items) {
      const { documentKey: document, reference, idempotencyKey } = item.posting;
      const hit = only(found.get(writeKey(idempotencyKey)), idempotencyKey, document);
      if (hit === null) outcomes.set(item, notThere(reference, document));
      else if ("code" in hit) outcomes.set(item, { kind: "rejected", problem: hit });
      else if (hit.cancelledBy !== null)
        outcomes.set(
          item,
          rejected("TARGET_EDITED", `somebody cancelled ${hit.reference}`, document, "nothing was done; look at it in the ERP"),
        );
      else if (isThrough(hit, step)) outcomes.set(item, { kind: "exists", ...foundOf(hit, until), step });
      else due.push({ item, hit });
    }
    const documentOf = ({ item }: (typeof due)[number]): string => item.posting.documentKey;
    const method = `model.${form.model}.${form.methods[step]}`;
    const ended = await inHalves(this.books, due, documentOf, (part) => client.act(method, [part.map(({ hit }) => idOf(hit.id))]));
    const now = due.length === 0 ? new Map() : await askedAfter(() => register.find(due.map(({ hit }) => hit.key)));
    for (const each of due) {
      const hit = now?.get(each.hit.key)?.find(({ id }: Hit) => id === each.hit.id);
      outcomes.set(each.item, await this.stepped(step, each.item, ended.get(each) as Ended, hit ?? null, now !== null));
    }
    return items.map((item) => outcomes.get(item) as PostOutcome);
  }

  private async stepped(step: Step, { posting }: AdvanceItem, ended: Ended, hit: Hit | null, isSeen: boolean): Promise<PostOutcome> {
    const { documentKey: document, reference } = posting;
    const { until } = this.books;
    if (hit !== null && hit.cancelledBy === null && isThrough(hit, step)) return { kind: "created", ...foundOf(hit, until), step };
    if (ended.kind !== "done") return ended.kind === "rejected" ? this.explained(ended, posting.document) : ended;
    const message = `the ERP says that the step \`${step}\` of ${reference} is done`;
    if (!isSeen)
      return placed({ kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `${message}, and could not be asked again`) }, document);
    // A step that does not fit the state is passed over there without a word.
    return rejected("TARGET_EDITED", `${message}, and it is not`, document, "look at it in the ERP; the next run tries again");
  }

  private create(sent: readonly Sent[]): Promise<ReadonlyMap<Sent, Ended>> {
    const { client, form } = this.books;
    const record = ({ values, key }: Sent): Plain => ({ ...values, [form.keyField]: key });
    return inHalves(
      this.books,
      sent,
      ({ document }) => document,
      (part) => client.act(`model.${form.model}.create`, [part.map(record)]),
    );
  }

  /** Drafts get other lines in place of those they have. */
  private async overwrite(sent: readonly Sent[]): Promise<ReadonlyMap<Sent, Ended>> {
    const { client, form } = this.books;
    const ended = new Map<Sent, Ended>();
    for (const each of sent) {
      const { document, draft, values, key } = each;
      const id = idOf(draft ?? "");
      const rows = await asked(() => client.query({ model: form.model, domain: [["id", "=", id]], fields: form.parts }));
      if (!Array.isArray(rows)) {
        ended.set(each, placed(rows as Failed, document));
        continue;
      }
      const parts = form.parts.map((part): [string, Plain] => {
        const former = idsOf(rows[0]?.get(part)).map(idOf);
        const fresh = values[part] as readonly Plain[];
        return [part, former.length === 0 ? fresh : [["delete", former], ...fresh]];
      });
      const record = { ...values, ...Object.fromEntries(parts), [form.keyField]: key };
      const part = await inHalves(
        this.books,
        [each],
        () => document,
        () => client.act(`model.${form.model}.write`, [[id], record]),
      );
      ended.set(each, part.get(each) as Ended);
    }
    return ended;
  }

  /** The call is over, so what is under the key now is what became of it. */
  private async judge(sent: Sent, ended: Ended, found: ReadonlyMap<string, readonly Hit[]> | null): Promise<PostOutcome> {
    const { document, key, item, draft } = sent;
    const { until } = this.books;
    const unconfirmed = (why: string): PostOutcome =>
      placed({ kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `the ERP says that it is saved, and ${why}`) }, document);
    if (found === null) return ended.kind === "done" ? unconfirmed("could not be asked again") : ended;
    const hit = only(found.get(key), item.idempotencyKey, document);
    if (hit !== null && "code" in hit) return placed({ kind: "unconfirmed", problem: { ...hit, code: "TARGET_UNCONFIRMED" } }, document);
    if (hit !== null) return { kind: ended.kind === "done" ? "created" : "exists", ...foundOf(hit, until) };
    if (ended.kind === "done") return unconfirmed("it is not found by its key");
    if (ended.kind !== "rejected") return ended;
    if (draft === null) await this.ensureAllowed(ended);
    return this.explained(ended, item.document);
  }

  /** Where a period was closed meanwhile the document waits for it. Told by looking, because the words follow the language. */
  private async explained(ended: Extract<Failed, { kind: "rejected" }>, document: Document): Promise<PostOutcome> {
    const [again] = (await askedAfter(() => this.books.form.write([document]))) ?? [];
    if (again === undefined || !isProblem(again) || again.code !== "TARGET_PERIOD_CLOSED") return ended;
    return { kind: "rejected", problem: { ...again, message: `${again.message}; ${ended.problem.message}` } };
  }

  /** A user without rights is refused whatever is sent. Throws ProblemError. */
  private async ensureAllowed({ problem: refusal }: Extract<Failed, { kind: "rejected" }>): Promise<void> {
    const { client, form } = this.books;
    const access = await askedAfter(() => client.ask("model.ir.model.access.get_access", [[form.model]]));
    const own = access !== null && isObject(access) ? (access.get(form.model) ?? null) : null;
    if (own === null || !isObject(own) || (isTrue(own.get("create")) && isTrue(own.get("write")))) return;
    const hint = "put the user into the group for accounting in the ERP; nothing was done";
    throw new ProblemError(
      problem("TARGET_SIGN_IN", `the user may not write ${form.model} at ${client.host}: ${refusal.message}`, [], hint),
    );
  }
}
