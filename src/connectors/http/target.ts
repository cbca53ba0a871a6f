import type { Found, PostOutcome } from "../../model/posting.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, PostItem, ReverseItem, Target, TargetTraits } from "../contract.js";
import { durationMs } from "../files/duration.js";
import type { HttpCall, HttpClient } from "../http.js";
import { type Reading, readAnswer } from "./answer.js";
import { Batch } from "./batch.js";
import { type HttpConnection, headerName, openConnection } from "./connection.js";
import { Judge, type Judged, type Verdict } from "./judge.js";
import { Latest, Lookup } from "./lookup.js";
import type { HttpTargetOptions } from "./options.js";
import { compileRequest, encodeHeader, type Request } from "./request.js";
import { Unwritable } from "./template.js";
import { documentView, keysView, POST_SHAPE, REVERSE_SHAPE, type View } from "./view.js";

type Failed = Exclude<PostOutcome, Found>;

/** One kind of call that changes something, and what its answers mean. */
interface Action {
  readonly request: Request;
  readonly judge: Judge;
}

/** Posts to a system whose JSON API is described in the pipeline. */
export class HttpTarget implements Target {
  readonly traits: TargetTraits;
  readonly latest?: (pipeline: string) => Promise<string | null>;
  private readonly client: HttpClient;
  private readonly postAction: Action;
  private readonly reverseAction: Action | null;
  private readonly lookupCall: Lookup | null;
  private readonly batch: Batch | null;
  private readonly keyHeader: string | null;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(connection: HttpConnection, options: HttpTargetOptions, context: Pick<ConnectorContext, "now" | "sleep">) {
    const { client, redaction, name: host } = openConnection(connection, context);
    const omitEmpty = options.empty === "omit";
    this.client = client;
    const post = compileRequest(options.post, { where: "post", shape: POST_SHAPE, omitEmpty, host });
    this.postAction = { request: post, judge: new Judge(options.post, post.name, "post", redaction) };
    const { reverse } = options;
    if (reverse === undefined) this.reverseAction = null;
    else {
      if (reverse.reference === undefined && reverse.done === undefined)
        refuse(
          "CONFIG_MISSING_KEY",
          "`reverse` cannot tell that it succeeded",
          "add `reference`, or `done` where the answer has no number of its own",
        );
      const request = compileRequest(reverse, { where: "reverse", shape: REVERSE_SHAPE, omitEmpty, host });
      this.reverseAction = { request, judge: new Judge(reverse, request.name, "reverse", redaction) };
    }
    const reading = { client, redaction, host, omitEmpty };
    this.lookupCall = options.lookup === undefined ? null : new Lookup(options.lookup, reading);
    if (options.latest !== undefined) {
      const latest = new Latest(options.latest, reading);
      this.latest = (pipeline) => latest.find(pipeline);
    }
    this.keyHeader = options.idempotency_header === undefined ? null : headerName("idempotency_header", options.idempotency_header);
    this.batch = options.batch === undefined ? null : new Batch(options.batch);
    if (this.batch !== null) this.checkBatch(options);
    this.traits = {
      deduplicates: options.deduplicates,
      quietMs: durationMs(options.quiet) ?? 0,
      batch: this.batch?.size ?? 1,
      concurrency: connection.concurrency,
      searchable: this.lookupCall !== null,
    };
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    if (this.batch !== null && items.length > 0) return this.postBatch(this.batch, items);
    return this.each(items, (item) => this.act(this.postAction, postView(item), item.idempotencyKey, { document: item.document.key }));
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    const { reverseAction } = this;
    return this.each(items, async ({ posting, date, idempotencyKey, fingerprint }) => {
      if (reverseAction === null) return notReversible(posting.documentKey, posting.reference);
      const posted = keysView(posting.idempotencyKey);
      const view = {
        ...keysView(idempotencyKey),
        fingerprint,
        reference: posting.reference,
        date: date ?? posting.document.date,
        postingKey: posted.idempotencyKey,
        postingShortKey: posted.shortKey,
        document: documentView(posting.document),
      };
      return this.act(reverseAction, view, idempotencyKey, { document: posting.documentKey, ownReference: posting.reference });
    });
  }

  async lookup(idempotencyKey: string): Promise<Found | null> {
    if (this.lookupCall === null) {
      return refuse(
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

  private async act({ request, judge }: Action, view: View, idempotencyKey: string, judged: Judged): Promise<PostOutcome> {
    let call: HttpCall;
    try {
      call = request.fill(view);
    } catch (error) {
      return unwritable(error, judged.document);
    }
    if (this.keyHeader !== null) call = { ...call, headers: { ...call.headers, [this.keyHeader]: encodeHeader(idempotencyKey) } };
    const reply = await this.client.send(call);
    if (reply.kind !== "answer") return this.placed(reply, judged.document);
    return this.settle(judge.judge(readAnswer(reply), judged), idempotencyKey, judged.document);
  }

  private async postBatch(batch: Batch, items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    const { request, judge } = this.postAction;
    const outcomes = new Map<PostItem, PostOutcome>();
    const sent: PostItem[] = [];
    const bodies: string[] = [];
    for (const item of items) {
      try {
        bodies.push(request.fillBody(postView(item)) ?? "null");
        sent.push(item);
      } catch (error) {
        outcomes.set(item, unwritable(error, item.document.key));
      }
    }
    const [first] = sent;
    if (first !== undefined) {
      const reply = await this.client.send({ ...request.fill(postView(first)), body: batch.wrap(bodies) });
      const readings = reply.kind === "answer" ? readAnswer(reply) : null;
      const parts = readings === null ? [] : batch.split(readings, sent);
      const settled = sent.map(async (item, index) => {
        const judged = { document: item.document.key };
        if (reply.kind !== "answer") return this.placed(reply, judged.document);
        const verdict = readings === null ? null : judgeMember(judge, batch, readings, parts[index] ?? null, judged);
        return verdict === null
          ? this.placed(unanswered(request.name), judged.document)
          : this.settle(verdict, item.idempotencyKey, judged.document);
      });
      for (const [index, outcome] of (await Promise.all(settled)).entries()) outcomes.set(sent[index] as PostItem, outcome);
    }
    return items.map((item) => outcomes.get(item) as PostOutcome);
  }

  /** "There already" without a number: the look-up knows it. Until it does, nobody knows whether what is there is ours. */
  private async settle(verdict: Verdict, idempotencyKey: string, document: string): Promise<PostOutcome> {
    if (verdict.kind === "unconfirmed") return this.placed(verdict, document);
    if (verdict.kind !== "there already") return verdict;
    let why = "it says that the document is there already, and not under which number";
    try {
      const found = (await this.lookupCall?.find(idempotencyKey)) ?? null;
      if (found !== null) return { kind: "exists", ...found };
      if (this.lookupCall !== null) why += "; the look-up does not find it";
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      why += `; the look-up failed: ${error.problems[0]?.message ?? ""}`;
    }
    return this.placed(
      { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `${this.postAction.request.name}: ${why}`) },
      document,
    );
  }

  /** The same outcome with the document it is about, and what happens next. */
  private placed<T extends Failed>(outcome: T, document: string): T {
    const { code, message } = outcome.problem;
    const next = this.traits.searchable
      ? "it is looked up before anything else is sent for it"
      : "look for it in the target, then say what became of it: this target cannot be searched by our key";
    const hint = outcome.kind === "unconfirmed" ? next : "it is sent again later";
    return { ...outcome, problem: problem(code, message, { document }, hint) };
  }

  /** Each on its own. Being not let in stops everything only when nothing else was sent. */
  private async each<T>(items: readonly T[], call: (item: T) => Promise<PostOutcome>): Promise<readonly PostOutcome[]> {
    const ended = await Promise.allSettled(items.map(call));
    const outcomes: PostOutcome[] = [];
    let refused: ProblemError | null = null;
    for (const each of ended) {
      if (each.status === "fulfilled") outcomes.push(each.value);
      else if (each.reason instanceof ProblemError && each.reason.problems[0] !== undefined) {
        refused ??= each.reason;
        outcomes.push({ kind: "busy", problem: each.reason.problems[0], retryAfterMs: null });
      } else throw each.reason;
    }
    if (refused !== null && ended.every((each) => each.status === "rejected")) throw refused;
    return outcomes;
  }

  private checkBatch(options: HttpTargetOptions): void {
    if (options.post.body === undefined) refuse("CONFIG_MISSING_KEY", "`batch` needs `post.body`", "say there how one document is written");
    if (typeof options.post.reference !== "string" || typeof (options.post.duplicate?.reference ?? "") !== "string")
      refuse(
        "CONFIG_WRONG_VALUE",
        "`batch` and a reference in a header do not go together",
        "an answer has one header for all of its documents",
      );
    const single = [options.post.path, ...Object.values(options.post.headers ?? {})].some((text) => text.includes("{"));
    if (single || this.keyHeader !== null) {
      const found = this.keyHeader === null ? "paths in braces in `post.path` or `post.headers`" : "`idempotency_header`";
      refuse(
        "CONFIG_WRONG_VALUE",
        `\`batch\` and ${found} do not go together`,
        "one call carries many documents, so nothing in it can belong to one of them",
      );
    }
  }
}

function postView({ document, idempotencyKey, fingerprint }: PostItem): View {
  return { ...documentView(document), ...keysView(idempotencyKey), fingerprint };
}

/** What the answer says about one member; null when it says nothing about it. */
function judgeMember(judge: Judge, batch: Batch, whole: Reading, part: Reading | null, judged: Judged): Verdict | null {
  if (part !== null) return judge.judge(part, { ...judged, isPart: true });
  // A list without this one leaves it open, and so does a success that speaks of none. An error without a list is about all of them.
  return whole.status >= 300 && !batch.isAnswered(whole) ? judge.judge(whole, judged) : null;
}

function unanswered(name: string): Extract<PostOutcome, { kind: "unconfirmed" }> {
  return {
    kind: "unconfirmed",
    problem: problem("TARGET_UNCONFIRMED", `${name}: the answer to the batch says nothing about this document`),
  };
}

/** Found before anything was sent. */
function unwritable(error: unknown, document: string): PostOutcome {
  if (!(error instanceof Unwritable)) throw error;
  const hint = "correct the document or the template in the pipeline; nothing was sent";
  return { kind: "rejected", problem: problem("TARGET_REJECTED", error.message, { document }, hint) };
}

function notReversible(document: string, reference: string): PostOutcome {
  const message = `\`${reference}\` cannot be cancelled from here: the pipeline does not say how this target reverses a document`;
  const hint = "cancel it in the target by hand, or describe the call under `target.reverse`";
  return { kind: "rejected", problem: problem("TARGET_REJECTED", message, { document }, hint) };
}

function refuse(code: Problem["code"], message: string, hint: string): never {
  throw new ProblemError(problem(code, message, [], hint));
}
