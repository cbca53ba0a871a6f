import type { Found, Held, PostedEntry, Posting, PostOutcome } from "../../model/posting.js";
import { bug, type Problem, ProblemError, problem } from "../../model/problem.js";
import type { AdvanceItem, ConnectorContext, PostItem, ReverseItem, Target, TargetTraits, UpdateItem } from "../contract.js";
import { durationMs } from "../files/duration.js";
import type { HttpClient } from "../http.js";
import { type Action, ActionSender, compileAction, compileOnPosting, eachAlone, refuseOption } from "./action.js";
import { Batch } from "./batch.js";
import { postBatch } from "./batch-post.js";
import { checkOptions, stepNames } from "./check-options.js";
import { type HttpConnection, openConnection } from "./connection.js";
import { headerName } from "./headers.js";
import type { Verdict } from "./judge.js";
import { Listing } from "./list.js";
import { Latest, Lookup } from "./lookup.js";
import type { HttpTargetOptions } from "./options.js";
import { ReadBack } from "./read.js";
import { POST_SHAPE, POSTING_SHAPE, postingView, postView, REVERSE_SHAPE, reverseView, UPDATE_SHAPE, updateView } from "./view.js";

/** Posts to a system whose JSON API is described in the pipeline. */
export class HttpTarget implements Target {
  readonly traits: TargetTraits;
  readonly latest?: (pipeline: string) => Promise<string | null>;
  readonly postings?: (pipeline: string) => AsyncIterable<PostedEntry>;
  readonly advance?: (step: string, items: readonly AdvanceItem[]) => Promise<readonly PostOutcome[]>;
  readonly update?: (items: readonly UpdateItem[]) => Promise<readonly PostOutcome[]>;
  readonly read?: (postings: readonly Posting[]) => Promise<readonly Held[]>;
  private readonly client: HttpClient;
  private readonly sender: ActionSender;
  private readonly steps: readonly string[];
  private readonly postAction: Action;
  private readonly reverseAction: Action | null;
  private readonly deleteAction: Action | null;
  private readonly lookupCall: Lookup | null;
  private readonly batch: Batch | null;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(
    connection: HttpConnection,
    options: HttpTargetOptions,
    context: Pick<ConnectorContext, "now" | "sleep" | "timeZone" | "observer">,
  ) {
    const { client, redaction, base, name: host } = openConnection(connection, context);
    const omitEmpty = options.empty === "omit";
    const { steps, reverse, update, lookup, latest, list, read, delete: remove } = options;
    const acting = { redaction, omitEmpty, host };
    const asking = { client, redaction, base, host, omitEmpty };
    this.client = client;
    this.steps = stepNames(options);
    checkOptions(options);
    this.postAction = compileAction(options.post, { ...acting, where: "post", shape: POST_SHAPE });
    this.reverseAction = reverse === undefined ? null : compileOnPosting(reverse, { ...acting, where: "reverse", shape: REVERSE_SHAPE });
    this.deleteAction = remove === undefined ? null : compileOnPosting(remove, { ...acting, where: "delete", shape: REVERSE_SHAPE });
    this.lookupCall = lookup === undefined ? null : new Lookup(lookup, this.steps, asking);
    const lookupCall = this.lookupCall;
    const keyHeader = options.idempotency_header === undefined ? null : headerName("idempotency_header", options.idempotency_header);
    this.sender = new ActionSender({ client, keyHeader, find: lookupCall === null ? null : (key) => lookupCall.find(key) });
    if (steps !== undefined) {
      const actions = steps.map((step): [string, Action] => [
        step.name,
        compileOnPosting(step, { ...acting, where: `steps.${step.name}`, shape: POSTING_SHAPE }),
      ]);
      this.advance = this.advanceBy(new Map(actions));
    }
    if (update !== undefined) this.update = this.updateBy(compileOnPosting(update, { ...acting, where: "update", shape: UPDATE_SHAPE }));
    if (latest !== undefined) {
      const call = new Latest(latest, asking);
      this.latest = (pipeline) => call.find(pipeline);
    }
    if (list !== undefined) {
      const listing = new Listing(list, this.steps, asking);
      this.postings = (pipeline) => listing.all(pipeline);
    }
    if (read !== undefined) {
      const call = new ReadBack(read, context.timeZone, asking);
      this.read = (postings) => Promise.all(postings.map((posting) => call.find(posting)));
    }
    this.batch = options.batch === undefined ? null : new Batch(options.batch);
    const hasDrafts = steps !== undefined || update !== undefined || remove !== undefined;
    this.traits = {
      deduplicates: options.deduplicates,
      quietMs: durationMs(options.quiet) ?? 0,
      batch: this.batch?.size ?? 1,
      concurrency: connection.concurrency,
      searchable: lookup !== undefined,
      ...(this.steps.length === 0 ? {} : { steps: this.steps }),
      ...(hasDrafts ? { drafts: true } : {}),
      ...(connection.company === undefined ? {} : { company: connection.company }),
    };
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    const { batch, client, sender, postAction } = this;
    if (batch === null || items.length === 0) {
      return eachAlone(items, async (item) => {
        const { idempotencyKey, document } = item;
        const verdict = await sender.send(postAction, postView(item), { document: document.key, key: idempotencyKey });
        return this.created(verdict, postAction, item);
      });
    }
    const verdicts = await postBatch({ client, batch, sender, action: postAction }, items);
    return Promise.all(items.map((item, index) => this.created(verdicts[index] as Verdict, postAction, item)));
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    return eachAlone(items, async (item) => {
      const draft = this.deleteAction === null ? null : await this.draftOf(item.posting);
      if (draft !== null && "code" in draft) return { kind: "rejected", problem: draft };
      return this.deleteAction !== null && draft !== null ? this.remove(this.deleteAction, item, draft) : this.cancel(item);
    });
  }

  async lookup(idempotencyKey: string): Promise<Found | null> {
    if (this.lookupCall === null) {
      return refuseOption(
        "TARGET_UNAVAILABLE",
        "this target cannot be searched by our key",
        "describe how under `target.lookup`, or look there yourself",
      );
    }
    return this.lookupCall.find(idempotencyKey);
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private advanceBy(actions: ReadonlyMap<string, Action>): NonNullable<Target["advance"]> {
    return (step, items) => {
      const action = actions.get(step) ?? bug(`there is no call for the step \`${step}\``);
      return eachAlone(items, async ({ posting }) => {
        const { reference, documentKey } = posting;
        const verdict = await this.sender.send(action, postingView(posting), { document: documentKey, ownReference: reference });
        if (verdict.kind === "there already") return { kind: "exists", reference, step };
        return verdict.kind === "created" || verdict.kind === "exists" ? { ...verdict, step } : verdict;
      });
    };
  }

  private updateBy(action: Action): NonNullable<Target["update"]> {
    return (items) =>
      eachAlone(items, async (item) => {
        const { idempotencyKey, document, posting } = item;
        const whose = { document: document.key, key: idempotencyKey, ownReference: posting.reference };
        return this.created(await this.sender.send(action, updateView(item), whose), action, item);
      });
  }

  /** A document that is new, or has new content, is at the first step; how far one is that was there already, only the look-up knows. */
  private async created(verdict: Verdict, { request }: Action, { idempotencyKey, document }: PostItem): Promise<PostOutcome> {
    const [first] = this.steps;
    if (verdict.kind === "created") return first === undefined ? verdict : { ...verdict, step: first };
    if (verdict.kind === "there already" || (verdict.kind === "exists" && first !== undefined)) {
      const found = await this.sender.lookFor(request.name, idempotencyKey, document.key);
      return found.kind === "exists" && verdict.kind === "exists" ? { ...verdict, ...found } : found;
    }
    return verdict;
  }

  /** Where a draft of ours stands; null when it is none. A problem when nobody can tell, and then nothing is sent. */
  private async draftOf({ idempotencyKey, reference, documentKey }: Posting): Promise<Pick<Found, "reference"> | Problem | null> {
    const at = { document: documentKey };
    try {
      const found = await this.lookup(idempotencyKey);
      // Numbers of deleted drafts are given anew: what stands under ours now may be somebody else's.
      if (found === null)
        return problem(
          "TARGET_EDITED",
          `posted as ${reference}, and the look-up does not find it`,
          at,
          "nothing was deleted; look for it in the target",
        );
      return found.isDraft === true ? found : null;
    } catch (error) {
      const cause = error instanceof ProblemError ? error.problems[0] : undefined;
      if (cause === undefined || cause.code === "TARGET_SIGN_IN") throw error;
      return problem(cause.code, `whether it is a draft: ${cause.message}`, at, "nothing was sent; the next run tries again");
    }
  }

  private async remove(action: Action, item: ReverseItem, { reference }: Pick<Found, "reference">): Promise<PostOutcome> {
    const { posting, idempotencyKey } = item;
    const view = reverseView({ ...item, posting: { ...posting, reference } });
    const whose = { document: posting.documentKey, key: idempotencyKey, ownReference: reference };
    const verdict = await this.sender.send(action, view, whose);
    if (verdict.kind === "created") return { kind: "created", reference };
    return verdict.kind === "exists" || verdict.kind === "there already" ? { kind: "exists", reference } : verdict;
  }

  private async cancel(item: ReverseItem): Promise<PostOutcome> {
    const { reverseAction } = this;
    const { posting, idempotencyKey } = item;
    const { reference, documentKey } = posting;
    if (reverseAction === null) return notReversible(documentKey, reference);
    const whose = { document: documentKey, key: idempotencyKey, ownReference: reference };
    const verdict = await this.sender.send(reverseAction, reverseView(item), whose);
    return verdict.kind === "there already" ? this.sender.lookFor(reverseAction.request.name, idempotencyKey, documentKey) : verdict;
  }
}

function notReversible(document: string, reference: string): PostOutcome {
  const message = `\`${reference}\` cannot be cancelled from here: the pipeline does not say how this target reverses a document`;
  const hint = "cancel it in the target by hand, or describe the call under `target.reverse`";
  return { kind: "rejected", problem: problem("TARGET_REJECTED", message, { document }, hint) };
}
