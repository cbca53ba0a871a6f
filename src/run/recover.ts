import pLimit from "p-limit";
import type { PostItem, ReverseItem, Target } from "../connectors/contract.js";
import { type Document, encodeDocument, fingerprintOf } from "../model/document.js";
import {
  type Found,
  idempotencyKey,
  type KeyParts,
  type PostOutcome,
  parseIdempotencyKey,
  stepReached,
  UNKNOWN_FINGERPRINT,
} from "../model/posting.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { allOver } from "./all-over.js";
import { answerAttempt } from "./answer.js";
import type { ApplyRequest } from "./sending.js";

/** A document the store has records of; null when it is not wanted, or cannot be mapped now. */
export interface KnownDocument {
  readonly key: string;
  readonly document: Document | null;
}

export interface RecoverOptions extends ApplyRequest {
  /** A person says that what the target holds is what is wanted now, where the target itself cannot tell. */
  readonly asWanted: boolean;
}

export interface Recovered {
  /** Postings and reversals that the target holds and the store did not know. */
  found: number;
  /** Documents that were asked about, or entries the target listed. */
  examined: number;
}

/** A version that was never used lies between used ones only where a send got lost; further gaps are not looked into. */
const MOST_MISSES = 3;

/**
 * Throws ProblemError STORE_BEHIND when the target was given a document by this pipeline that the store does not know:
 * the store was lost or comes from a copy, and posting now could book things twice. Returns true where that cannot be
 * ruled out, so that each key has to be asked for before it is sent. Ask before anything that is in doubt is settled.
 */
export async function refuseWhenBehind(request: Omit<ApplyRequest, "probe">): Promise<boolean> {
  const { target, pipeline, store, pipelineId } = request;
  const { deduplicates, searchable } = target.traits;
  if (target.latest === undefined) return !deduplicates && searchable;
  const latest = await target.latest(pipeline.name);
  if (latest === null || parseIdempotencyKey(pipeline.name, latest) === null) return false;
  const standing = store.attempts.standingOf(pipelineId, latest);
  if (standing === null) throw behind(request, latest);
  // The answer to it is unknown, or was a refusal: that may be all there is, or the memory of an older copy.
  return standing === "other" && !deduplicates && searchable;
}

function behind(request: Omit<ApplyRequest, "probe">, key: string): ProblemError {
  return new ProblemError(
    problem(
      "STORE_BEHIND",
      `the target holds \`${displayKey(key)}\`, which the store does not know: the store was lost, or restored from an older copy`,
      [],
      `nothing was sent. Rebuild it from the target: \`sync recover ${request.pipeline.name}\``,
    ),
  );
}

/**
 * Sends through `send`, after asking for each key where only that can show that the store is older than the target.
 * What is found was sent by us before (a send that was given up on and came through after all), or else the store is behind.
 */
export async function sendProbed<T extends PostItem | ReverseItem>(
  request: ApplyRequest,
  items: readonly T[],
  send: (items: readonly T[]) => Promise<readonly PostOutcome[]>,
): Promise<readonly PostOutcome[]> {
  const { target, store, pipelineId } = request;
  if (!request.probe) return send(items);
  const known = await allOver(items.map((item) => probe(target, item.idempotencyKey)));
  request.lease.ensure();
  items.forEach((item, index) => {
    const isFound = known[index]?.kind === "exists";
    if (isFound && store.attempts.countSent(pipelineId, item.idempotencyKey) < 2) throw behind(request, item.idempotencyKey);
  });
  const rest = items.filter((_, index) => known[index] === null);
  const sent = rest.length === 0 ? [] : await send(rest);
  let next = 0;
  return known.map((outcome) => {
    if (outcome !== null) return outcome;
    next += 1;
    return sent[next - 1] as PostOutcome;
  });
}

/** Null when the target does not have the key. A look-up that fails concerns its own document only: it is not sent. */
async function probe(target: Target, key: string): Promise<PostOutcome | null> {
  try {
    const found = await target.lookup(key);
    return found === null ? null : { kind: "exists", ...found };
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    return { kind: "busy", problem: cause.problems[0] as Problem, retryAfterMs: null };
  }
}

/** Rebuilds the postings of a pipeline from what the target holds under its keys. Changes nothing in the target. */
export async function recoverPostings(request: RecoverOptions, wanted: () => Iterable<KnownDocument>): Promise<Recovered> {
  const recovered: Recovered = { found: 0, examined: 0 };
  const { target, pipeline, effects } = request;
  if (target.postings !== undefined) {
    for await (const entry of target.postings(pipeline.name)) {
      const parts = parseIdempotencyKey(pipeline.name, entry.idempotencyKey);
      if (parts === null) continue;
      recovered.examined += 1;
      if (await adopt(request, parts, entry, entry.document ?? null)) recovered.found += 1;
    }
    return recovered;
  }
  const limit = pLimit(Math.max(1, target.traits.concurrency));
  const asked: Promise<void>[] = [];
  for (const { key, document } of wanted()) {
    asked.push(
      limit(async () => {
        if (effects.signal.aborted) return;
        recovered.examined += 1;
        // The parts of a batch together are what is wanted, and none of them alone.
        recovered.found += await recoverDocument(request, key, request.pipeline.mapping.batch === null ? document : null);
        effects.onProgress({ stage: "post", records: 0, documents: recovered.examined, done: recovered.examined, total: 0 });
      }),
    );
  }
  await allOver(asked);
  return recovered;
}

/** Asks for version after version of one document, until several in a row are not there. */
async function recoverDocument(request: RecoverOptions, documentKey: string, document: Document | null): Promise<number> {
  const { pipeline, target } = request;
  let found = 0;
  let misses = 0;
  for (let version = 1; misses < MOST_MISSES; version += 1) {
    const posted = await target.lookup(idempotencyKey(pipeline.name, documentKey, version, "post"));
    if (posted === null) {
      misses += 1;
      continue;
    }
    misses = 0;
    if (await adopt(request, { documentKey, version, act: "post" }, posted, document)) found += 1;
    const reversal = await target.lookup(idempotencyKey(pipeline.name, documentKey, version, "reverse"));
    if (reversal !== null && (await adopt(request, { documentKey, version, act: "reverse" }, reversal, document))) found += 1;
  }
  return found;
}

/**
 * Takes what the target holds into the store; false when the store knew it. Where the target gives back neither the
 * content nor its fingerprint, the document is held until a person has compared it, unless the person said that the
 * target holds everything `asWanted`.
 */
async function adopt(request: RecoverOptions, parts: KeyParts, found: Found, document: Document | null): Promise<boolean> {
  const { store, pipelineId, runId, effects, target } = request;
  const { documentKey, version, act } = parts;
  const vanished = act === "post" ? await vanishedDrafts(request, documentKey, version) : [];
  const at = effects.now().toISOString();
  return request.lease.write(() => {
    const documentId = store.records.ensureDocument(pipelineId, documentKey);
    const trusted = request.asWanted && document !== null ? fingerprintOf(document) : UNKNOWN_FINGERPRINT;
    const fingerprint = found.fingerprint ?? trusted;
    const content = document === null ? "" : encodeDocument(document);
    const state = store.postings.stateOf(documentId, version);
    if (act === "reverse") {
      if (state !== "live") return false;
      close(request, documentId, parts, found, fingerprint, content, at);
      store.postings.cancel(documentId, version, found.reference, at);
      store.records.touchWithRecords(documentId);
      return true;
    }
    for (const former of vanished) store.postings.end(documentId, former, "updated", found.reference, at);
    if (state !== null) {
      const isLearnt = fingerprint !== UNKNOWN_FINGERPRINT && store.postings.learnFingerprint(documentId, version, fingerprint);
      if (isLearnt) store.records.touchWithRecords(documentId);
      return isLearnt;
    }
    const attemptId = close(request, documentId, parts, found, fingerprint, content, at);
    const step = stepReached(found, target.traits.steps ?? []);
    store.postings.add({ documentId, version, attemptId, fingerprint, reference: found.reference, runId, postedAt: at, step });
    store.records.touchWithRecords(documentId);
    return true;
  });
}

/** Earlier versions that the store takes for live, and that are no longer in the target: drafts that became this version, or were deleted. */
async function vanishedDrafts({ target, store, pipelineId }: RecoverOptions, documentKey: string, version: number): Promise<number[]> {
  const documentId = store.records.documentId(pipelineId, documentKey);
  if (target.traits.drafts !== true || documentId === null) return [];
  const former = store.postings.parts(documentId, documentKey).filter((posting) => posting.version < version);
  const found = await allOver(former.map((posting) => target.lookup(posting.idempotencyKey)));
  return former.filter((_, index) => found[index] === null).map((posting) => posting.version);
}

/** The attempt behind a posting that was found: the open one where there is one, else one made now. */
function close(
  request: ApplyRequest,
  documentId: number,
  parts: KeyParts,
  found: Found,
  fingerprint: string,
  content: string,
  at: string,
): number {
  const { store, runId, pipeline } = request;
  const { documentKey, version, act } = parts;
  const key = idempotencyKey(pipeline.name, documentKey, version, act);
  const whole = { version, act, step: null, takesOver: null, idempotencyKey: key, fingerprint };
  const added = { documentId, ...whole, content, runId, sentAt: at };
  const attemptId = store.attempts.openFor(documentId, version, act) ?? store.attempts.add(added);
  const attempt = { attemptId, documentKey, ...whole, notedAt: at };
  answerAttempt(request, attempt, { outcome: "accepted", reference: found.reference, problem: null, at });
  return attemptId;
}
