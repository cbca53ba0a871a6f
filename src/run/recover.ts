import pLimit from "p-limit";
import type { PostItem, ReverseItem } from "../connectors/contract.js";
import { type Document, encodeDocument, fingerprintOf } from "../model/document.js";
import { type Found, idempotencyKey, type KeyParts, type PostOutcome, parseIdempotencyKey } from "../model/posting.js";
import { ProblemError, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { allOver } from "./all-over.js";
import { answerAttempt } from "./answer.js";
import type { ApplyRequest } from "./sending.js";

/** A document the store has records of; null when it is not wanted, or cannot be mapped now. */
export interface KnownDocument {
  readonly key: string;
  readonly document: Document | null;
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
 * the store was lost or comes from a copy, and posting now could book things twice.
 */
export async function refuseWhenBehind(request: ApplyRequest): Promise<void> {
  const { target, pipeline, store, pipelineId } = request;
  if (target.latest === undefined) return;
  const latest = await target.latest(pipeline.name);
  if (latest === null || parseIdempotencyKey(pipeline.name, latest) === null || store.attempts.knows(pipelineId, latest)) return;
  throw behind(request, latest);
}

function behind(request: ApplyRequest, key: string): ProblemError {
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
  if (target.traits.deduplicates || target.latest !== undefined || !target.traits.searchable) return send(items);
  const found = await allOver(items.map((item) => target.lookup(item.idempotencyKey)));
  request.lease.ensure();
  items.forEach((item, index) => {
    if ((found[index] ?? null) !== null && store.attempts.countSent(pipelineId, item.idempotencyKey) < 2)
      throw behind(request, item.idempotencyKey);
  });
  const rest = items.filter((_, index) => (found[index] ?? null) === null);
  const sent = rest.length === 0 ? [] : await send(rest);
  let next = 0;
  return items.map((_, index) => {
    const known = found[index] ?? null;
    if (known !== null) return { kind: "exists", ...known };
    next += 1;
    return sent[next - 1] as PostOutcome;
  });
}

/** Rebuilds the postings of a pipeline from what the target holds under its keys. Changes nothing in the target. */
export async function recoverPostings(request: ApplyRequest, wanted: () => Iterable<KnownDocument>): Promise<Recovered> {
  const recovered: Recovered = { found: 0, examined: 0 };
  const { target, pipeline, effects } = request;
  if (target.postings !== undefined) {
    for await (const entry of target.postings(pipeline.name)) {
      const parts = parseIdempotencyKey(pipeline.name, entry.idempotencyKey);
      if (parts === null) continue;
      recovered.examined += 1;
      if (adopt(request, parts, entry, entry.document ?? null)) recovered.found += 1;
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
        recovered.found += await recoverDocument(request, key, document);
        effects.onProgress({ stage: "post", records: 0, documents: recovered.examined, done: recovered.examined, total: 0 });
      }),
    );
  }
  await allOver(asked);
  return recovered;
}

/** Asks for version after version of one document, until several in a row are not there. */
async function recoverDocument(request: ApplyRequest, documentKey: string, document: Document | null): Promise<number> {
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
    if (adopt(request, { documentKey, version, act: "post" }, posted, document)) found += 1;
    const reversal = await target.lookup(idempotencyKey(pipeline.name, documentKey, version, "reverse"));
    if (reversal !== null && adopt(request, { documentKey, version, act: "reverse" }, reversal, document)) found += 1;
  }
  return found;
}

/**
 * Takes what the target holds into the store; false when the store knew it. Where the target cannot give back the
 * content or its fingerprint, the posting is taken to be what is wanted now: `reconcile` compares them.
 */
export function adopt(request: ApplyRequest, parts: KeyParts, found: Found, document: Document | null): boolean {
  const { store, pipelineId, runId, effects } = request;
  const { documentKey, version, act } = parts;
  const at = effects.now().toISOString();
  return request.lease.write(() => {
    const documentId = store.records.ensureDocument(pipelineId, documentKey);
    const fingerprint = found.fingerprint ?? (document === null ? "" : fingerprintOf(document));
    const content = document === null ? unknownContent(documentKey) : document;
    const state = store.postings.stateOf(documentId, version);
    if (act === "reverse") {
      if (state !== "live") return false;
      close(request, documentId, parts, found, fingerprint, content, at);
      store.postings.reverse(documentId, version, found.reference, at);
      store.records.touchWithRecords(documentId);
      return true;
    }
    if (state !== null) return false;
    const attemptId = close(request, documentId, parts, found, fingerprint, content, at);
    store.postings.add({ documentId, version, attemptId, fingerprint, reference: found.reference, runId, postedAt: at });
    store.records.touchWithRecords(documentId);
    return true;
  });
}

/** The attempt behind a posting that was found: the open one where there is one, else one made now. */
function close(
  request: ApplyRequest,
  documentId: number,
  parts: KeyParts,
  found: Found,
  fingerprint: string,
  content: Document,
  at: string,
): number {
  const { store, runId, pipeline } = request;
  const { documentKey, version, act } = parts;
  const key = idempotencyKey(pipeline.name, documentKey, version, act);
  const noted = { documentId, version, act, idempotencyKey: key, fingerprint, content: encodeDocument(content), runId, sentAt: at };
  const attemptId = store.attempts.openFor(documentId, version, act) ?? store.attempts.add(noted);
  const attempt = { attemptId, documentKey, version, act, idempotencyKey: key, fingerprint, notedAt: at };
  answerAttempt(request, attempt, { outcome: "accepted", reference: found.reference, problem: null, at });
  return attemptId;
}

/** Stands for a document whose content nobody can tell any more; it can be reversed, and never equals what is wanted. */
function unknownContent(key: string): Document {
  return { type: "journal", key, date: "1970-01-01", currency: "XXX", text: "", attachments: 0, fields: {}, lines: [] };
}
