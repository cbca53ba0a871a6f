import type { Pipeline } from "../config/pipeline.js";
import { type Document, decodeDocument, documentAmount, isUnknown } from "../model/document.js";
import { hasLines } from "../model/document-types.js";
import { formatMinor } from "../model/money.js";
import { wishOf } from "../run/reconcile-source.js";
import { type Decode, recordDecoder } from "../run/wish.js";
import type { StoredDocument } from "../store/documents.js";
import type { QuarantineItem } from "../store/quarantine.js";
import type { Store } from "../store/store.js";

/** A store that waits for its first posting may hold a million documents; so many are built to tell their amounts, the others are counted. */
const MOST_BUILT = 20_000;

/** What items are worth in one currency. */
interface Sum {
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly items: number;
}

/** Adds up what items are worth. Nothing cancels: a refund that waits is as much in limbo as a claim. */
export class Money {
  private readonly sums = new Map<string, { amountMinor: bigint; items: number }>();
  items = 0;
  /** Items of which nobody knows the amount, because their documents cannot be built. */
  unknown = 0;
  /** Items that were counted, and not built to tell their amount. */
  unbuilt = 0;

  /** The documents of one item; null where they cannot be built. Master data has no amount. */
  add(documents: readonly Document[] | null): void {
    this.items += 1;
    if (documents === null || documents.some(isUnknown)) {
      this.unknown += 1;
      return;
    }
    const own = new Map<string, bigint>();
    for (const document of documents) {
      if (!hasLines(document.type)) continue;
      const amount = documentAmount(document);
      own.set(document.currency, (own.get(document.currency) ?? 0n) + (amount < 0n ? -amount : amount));
    }
    for (const [currency, amountMinor] of own) {
      const sum = this.sums.get(currency) ?? { amountMinor: 0n, items: 0 };
      this.sums.set(currency, { amountMinor: sum.amountMinor + amountMinor, items: sum.items + 1 });
    }
  }

  count(): void {
    this.items += 1;
    this.unbuilt += 1;
  }

  byCurrency(): Sum[] {
    return [...this.sums].map(([currency, sum]) => ({ currency, ...sum })).sort((a, b) => (a.currency < b.currency ? -1 : 1));
  }
}

/** Tells which documents stand behind a key, as far as they can be built. */
export class Valuer {
  private readonly documents;
  private readonly decode: Decode | null;

  /** `pipeline`: null where its file cannot be read, so that nothing can be built. */
  constructor(
    private readonly store: Store,
    private readonly pipelineId: number,
    private readonly pipeline: Pipeline | null,
  ) {
    this.documents = store.documents();
    this.decode = pipeline === null ? null : recordDecoder({ pipeline, pipelineId, store });
  }

  /** The documents of an item of the list. Where they are no longer wanted, those that are posted. */
  ofItem({ kind, key, documentKey }: Pick<QuarantineItem, "kind" | "key" | "documentKey">): readonly Document[] | null {
    const wanted = kind === "document" ? key : documentKey;
    const found = wanted === null ? null : this.documents.get(this.pipelineId, wanted);
    return found === null ? null : (this.build(found)?.documents ?? null);
  }

  /** What was last sent for a document whose answer is unknown. */
  ofAttempt({ content, idempotencyKey }: { readonly content: string; readonly idempotencyKey: string }): readonly Document[] | null {
    const known = content === "" ? this.store.attempts.contentOf(idempotencyKey) : content;
    return known === null ? null : [decodeDocument(known)];
  }

  /** Documents that are not settled and neither in doubt nor on the list, and what is to be done for them is not done. */
  addUnsent(money: Money, except: ReadonlySet<string>, mostBuilt: number): void {
    let built = 0;
    for (const key of this.documents.touchedKeys(this.pipelineId)) {
      if (except.has(key)) continue;
      built += 1;
      if (built > mostBuilt) {
        money.count();
        continue;
      }
      const found = this.documents.get(this.pipelineId, key);
      const wish = found === null ? null : this.build(found);
      if (wish === null) money.add(null);
      else if (!wish.isDone) money.add(wish.documents);
    }
  }

  private build(found: StoredDocument): { readonly documents: readonly Document[]; readonly isDone: boolean } | null {
    const { pipeline, decode } = this;
    if (pipeline === null || decode === null) return null;
    const wish = wishOf(pipeline, found, decode);
    if (wish.kind === "faulty") return null;
    // Of a batch, what is posted is not what waits.
    if (wish.kind === "wanted") return wish.matches && wish.waits !== null ? null : { documents: wish.documents, isDone: wish.matches };
    const posted = found.versions.filter(({ endedAs }) => endedAs === null).map(({ posting }) => posting.document);
    return { documents: posted, isDone: posted.length === 0 };
  }
}

/** Money of one pipeline that is not where it should be. */
export interface Limbo {
  /** Sent, and the answer is unknown. */
  readonly inDoubt: Money;
  /** On the list. */
  readonly waiting: Money;
  /** Read, and neither posted nor on the list: a run was stopped, or a plan waits for approval. */
  readonly unsent: Money;
}

export function limboOf(
  store: Store,
  pipelineId: number,
  pipeline: Pipeline | null,
  items: readonly QuarantineItem[],
  mostBuilt = MOST_BUILT,
): Limbo {
  const valuer = new Valuer(store, pipelineId, pipeline);
  const { known, ...listed } = listedMoney(store, pipelineId, valuer, items, mostBuilt);
  const unsent = new Money();
  valuer.addUnsent(unsent, known, mostBuilt);
  return { ...listed, unsent };
}

/** What a run leaves behind for people: what is in doubt, and what is on the list. `known`: the keys of these documents. */
export function listedMoney(
  store: Store,
  pipelineId: number,
  valuer: Valuer,
  items: readonly QuarantineItem[],
  mostBuilt = MOST_BUILT,
): Omit<Limbo, "unsent"> & { readonly known: ReadonlySet<string> } {
  const [inDoubt, waiting] = [new Money(), new Money()];
  const known = new Set<string>();
  // Of a document that was reversed and posted anew, the newest counts: it comes last.
  const open = new Map(store.attempts.open(pipelineId).map((attempt) => [attempt.documentKey, attempt]));
  for (const [key, attempt] of open) {
    known.add(key);
    inDoubt.add(valuer.ofAttempt(attempt));
  }
  for (const item of items) {
    const key = item.kind === "document" ? item.key : item.documentKey;
    // Two records of one document have its amount once.
    if (key !== null && known.has(key)) continue;
    if (key !== null) known.add(key);
    if (waiting.items >= mostBuilt) waiting.count();
    else waiting.add(valuer.ofItem(item));
  }
  return { inDoubt, waiting, known };
}

/** Amounts as exact decimal text. */
export function moneyToJson(money: Money): unknown {
  return {
    items: money.items,
    amounts: money
      .byCurrency()
      .map(({ currency, amountMinor, items }) => ({ currency, amount: formatMinor(amountMinor, currency), items })),
    withoutAmount: money.unknown,
    notAddedUp: money.unbuilt,
  };
}
