import type { Document } from "../../model/document.js";
import type { Found, PostOutcome } from "../../model/posting.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, PostItem, ReverseItem, Target, TargetTraits, UpdateItem } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { HesiClient } from "./client.js";
import type { HesiConnection } from "./connection.js";
import { Datalinks } from "./datalinks.js";
import { Departments } from "./departments.js";
import { DimensionItems } from "./dimension-items.js";
import { type EntityKind, wantedOf } from "./entity.js";
import { Results } from "./results.js";
import { Staffs } from "./staffs.js";
import type { HesiTargetOptions } from "./target-options.js";
import { rejected } from "./written.js";

/** Documents that are given together: the states of so many are asked for in one call. */
const TOGETHER = 100;

/** What was sent and not answered, so that it can be asked about while this program runs. */
interface Doubt {
  readonly document: Document;
  /** It was to be taken back. */
  readonly isReversal: boolean;
}

/**
 * Tells Hesi what became of its documents, and keeps its master data. The system holds no key of ours, and needs none: everything written here says
 * how something is to be, so that writing it twice changes nothing. A look-up therefore answers only for what this program itself just sent; for
 * anything older it finds nothing, and it is written again.
 */
export class HesiTarget implements Target {
  readonly traits: TargetTraits;
  private readonly client: HesiClient;
  private readonly results: Results;
  private readonly kinds: ReadonlyMap<string, EntityKind>;
  private readonly doubts = new Map<string, Doubt>();
  private turn: Promise<unknown> = Promise.resolve();

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(connection: HesiConnection, options: HesiTargetOptions, context: ConnectorContext) {
    this.client = new HesiClient(connection, context, false);
    this.results = new Results(this.client, options);
    const departments = new Departments(this.client);
    this.kinds = new Map<string, EntityKind>([
      ["dimension_item", new DimensionItems(this.client, options)],
      ["datalink", new Datalinks(this.client, options.entity)],
      ["department", departments],
      ["staff", new Staffs(this.client, options, departments.roster)],
    ]);
    const { company } = connection;
    this.traits = {
      // It refuses no key of ours, and makes no second of anything either: the same is written over the same.
      deduplicates: true,
      quietMs: durationMs(options.quiet) ?? 0,
      batch: TOGETHER,
      concurrency: connection.concurrency,
      searchable: true,
      ...(company === undefined ? {} : { company }),
    };
  }

  post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    return this.noting(items, false, () => this.write(items.map(({ document }) => document)));
  }

  /** What has no lines is written over where it stands. */
  update(items: readonly UpdateItem[]): Promise<readonly PostOutcome[]> {
    return this.post(items);
  }

  /** A voucher number is taken out; master data is disabled, because nothing that was used may be deleted. */
  reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    const documents = items.map(({ posting }) => posting.document);
    const noted = items.map(({ idempotencyKey }, at) => ({ idempotencyKey, document: documents[at] as Document }));
    return this.noting(noted, true, async () => {
      const outcomes = new Map<Document, PostOutcome>();
      for (const document of documents) if (document.type === "result") outcomes.set(document, await this.results.clear(document));
      const entities = documents.filter(({ type }) => type !== "result");
      const disabled = await this.writeEntities(entities.map(disabledOf));
      for (const [at, document] of entities.entries()) outcomes.set(document, disabled[at] as PostOutcome);
      return documents.map((document) => outcomes.get(document) as PostOutcome);
    });
  }

  /** Null also where the system may hold it and cannot say that it came from us: it is written again, which changes nothing. */
  async lookup(idempotencyKey: string): Promise<Found | null> {
    const doubt = this.doubts.get(idempotencyKey);
    if (doubt === undefined) return null;
    const { document, isReversal } = doubt;
    if (document.type === "result") {
      const holds = await this.results.holds(document, isReversal);
      return holds === true ? { reference: document.fields["source"] ?? "" } : null;
    }
    const kind = this.kinds.get(document.fields["kind"] ?? "");
    const wanted = wantedOf(isReversal ? disabledOf(document) : document);
    kind?.roster.forget();
    return (await kind?.holds(wanted)) === true ? { reference: wanted.code } : null;
  }

  /** Documents that are not paid yet are told before anything is sent; of master data only the system knows. */
  async check(documents: readonly Document[]): Promise<readonly (Problem | null)[]> {
    const results = documents.filter(({ type }) => type === "result");
    const faults = await this.results.check(results);
    return documents.map((document) => {
      const at = results.indexOf(document);
      if (at !== -1) return faults[at]?.problem ?? null;
      return this.kinds.has(document.fields["kind"] ?? "") ? null : this.unknownKind(document).problem;
    });
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private async write(documents: readonly Document[]): Promise<readonly PostOutcome[]> {
    const results = documents.filter(({ type }) => type === "result");
    const entities = documents.filter(({ type }) => type !== "result");
    const written = new Map<Document, PostOutcome>();
    for (const [at, outcome] of (await this.results.write(results)).entries()) written.set(results[at] as Document, outcome);
    for (const [at, outcome] of (await this.writeEntities(entities)).entries()) written.set(entities[at] as Document, outcome);
    return documents.map((document) => written.get(document) as PostOutcome);
  }

  /** One call after the other: each looks at what is there before it writes. */
  private writeEntities(documents: readonly Document[]): Promise<readonly PostOutcome[]> {
    const work = this.turn.then(() => this.byKind(documents));
    this.turn = work.catch(() => {});
    return work;
  }

  private async byKind(documents: readonly Document[]): Promise<readonly PostOutcome[]> {
    const outcomes = new Map<Document, PostOutcome>();
    for (const [name, kind] of this.kinds) {
      const own = documents.filter(({ fields }) => fields["kind"] === name);
      if (own.length === 0) continue;
      const written = await kind.write(own.map(wantedOf));
      for (const [at, document] of own.entries()) outcomes.set(document, written[at] as PostOutcome);
    }
    return documents.map((document) => outcomes.get(document) ?? this.unknownKind(document));
  }

  private unknownKind({ key, fields }: Document): Extract<PostOutcome, { problem: Problem }> {
    const known = [...this.kinds.keys()].map((each) => `\`${each}\``).join(", ");
    return rejected(`Hesi has no master data of the kind \`${fields["kind"] ?? ""}\``, key, `\`header.kind\` is one of ${known}`);
  }

  private async noting(
    items: readonly { readonly idempotencyKey: string; readonly document: Document }[],
    isReversal: boolean,
    work: () => Promise<readonly PostOutcome[]>,
  ): Promise<readonly PostOutcome[]> {
    const outcomes = await this.answered(items, work);
    for (const [at, { idempotencyKey, document }] of items.entries()) {
      if (outcomes[at]?.kind === "unconfirmed") this.doubts.set(idempotencyKey, { document, isReversal });
      else this.doubts.delete(idempotencyKey);
    }
    return outcomes;
  }

  /** Not being let in, or a list that cannot be read, in the middle of a call may come after something was written: then all of it is in doubt. */
  private async answered(
    items: readonly { readonly document: Document }[],
    work: () => Promise<readonly PostOutcome[]>,
  ): Promise<readonly PostOutcome[]> {
    const before = this.client.writes;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProblemError) || this.client.writes === before) throw error;
      const { message = "" } = error.problems[0] ?? {};
      return items.map(({ document }) => ({
        kind: "unconfirmed",
        problem: problem(
          "TARGET_UNCONFIRMED",
          `it broke off: ${message}`,
          { document: document.key },
          "the next run looks, and writes again what is not there",
        ),
      }));
    }
  }
}

function disabledOf(document: Document): Document {
  return { ...document, fields: { ...document.fields, disabled: "true" } };
}
