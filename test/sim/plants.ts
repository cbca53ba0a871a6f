import type { Target } from "../../src/connectors/contract.js";
import type { PostOutcome } from "../../src/model/posting.js";
import type { NewAttempt } from "../../src/store/attempts.js";
import type { Store } from "../../src/store/store.js";
import type { Plant } from "./history.js";
import { override } from "./process.js";

/** Faults a posting engine could have, planted between the real engine and its store or its target. */
export const PLANTS: readonly Plant[] = [
  {
    name: "open attempts are forgotten",
    store: (store) => override(store, { attempts: override(store.attempts, { open: () => [], isOpen: () => false, countOpen: () => 0 }) }),
  },
  {
    name: "every version is the first",
    store: (store) => override(store, { attempts: override(store.attempts, { nextVersion: () => 1 }) }),
  },
  {
    name: "not found counts as absent before the quiet time has passed",
    target: (target) => withMembers(target, { traits: { ...target.traits, quietMs: 0 } }),
  },
  {
    name: "a lost answer counts as a refusal",
    target: (target) =>
      withOutcomes(target, (outcome) => (outcome.kind === "unconfirmed" ? { kind: "rejected", problem: outcome.problem } : outcome)),
  },
  {
    name: "a lost answer counts as done",
    target: (target) => withOutcomes(target, (outcome) => (outcome.kind === "unconfirmed" ? { kind: "created", reference: "?" } : outcome)),
  },
  {
    name: "a reversal is taken to be done",
    target: (target) =>
      withMembers(target, {
        reverse: async (items) => {
          const outcomes = await target.reverse(items);
          return outcomes.map((outcome) => ("reference" in outcome ? outcome : { kind: "created", reference: "?" }));
        },
      }),
  },
  {
    name: "the lease is not asked for",
    store: (store) => override(store, { leases: override(store.leases, { get: () => null, renew: () => true }) }),
  },
  { name: "the attempt is noted after sending", store: noteLater },
  {
    name: "a record that cannot be used does not block its document",
    store: (store) =>
      override(store, {
        records: override(store.records, {
          nextTouched: (...values: Parameters<Store["records"]["nextTouched"]>) =>
            store.records
              .nextTouched(...values)
              .map((document) => ({ ...document, records: document.records.filter((record) => record.problem === null) })),
        }),
      }),
  },
  {
    name: "a refused document is settled",
    store: (store) => override(store, { records: override(store.records, { touch: (id: number) => store.records.settle(id) }) }),
  },
  { name: "the watermark moves with every unit", store: watermarkFirst },
  { name: "a record is known again by its key, whatever is in its cells", store: knownByKey },
  {
    name: "a draft counts as booked",
    target: (target) =>
      withOutcomes(target, (outcome) => ("step" in outcome ? { kind: "created", reference: outcome.reference } : outcome)),
  },
  {
    name: "what a person changed in the target is not looked at",
    target: (target) => {
      const { read: _, ...blind } = target;
      return blind;
    },
  },
  {
    name: "a draft that became another version stays a posting of its own",
    store: (store) => override(store, { postings: override(store.postings, { end: () => undefined }) }),
  },
  {
    name: "pruned: postings that were reversed, and how they were sent",
    prune: (raw, pipelineId) => {
      const ours = "document_id IN (SELECT id FROM documents WHERE pipeline_id = ?)";
      const ended = raw
        .prepare(`DELETE FROM postings WHERE reversed_by IS NOT NULL AND ${ours} RETURNING attempt_id`)
        .pluck()
        .all(pipelineId);
      for (const id of ended) raw.prepare("DELETE FROM attempts WHERE id = ?").run(id);
    },
  },
  {
    name: "pruned: attempts whose answer is unknown",
    prune: (raw, pipelineId) => {
      const ours = "document_id IN (SELECT id FROM documents WHERE pipeline_id = ?)";
      raw.prepare(`DELETE FROM attempts WHERE (outcome IS NULL OR outcome = 'unconfirmed') AND ${ours}`).run(pipelineId);
    },
  },
  {
    name: "pruned: records of documents that are settled",
    prune: (raw, pipelineId) => {
      const settled = "SELECT id FROM documents WHERE pipeline_id = ? AND touched = 0";
      raw.prepare(`DELETE FROM records WHERE document_id IN (${settled})`).run(pipelineId);
    },
  },
  {
    name: "pruned: what a person dropped",
    prune: (raw, pipelineId) => {
      raw.prepare("DELETE FROM quarantine WHERE status = 'dropped' AND pipeline_id = ?").run(pipelineId);
    },
  },
];

function withMembers(target: Target, members: Partial<Target>): Target {
  return { ...target, ...members };
}

function withOutcomes(target: Target, change: (outcome: PostOutcome) => PostOutcome): Target {
  return withMembers(target, {
    post: async (items) => (await target.post(items)).map(change),
    reverse: async (items) => (await target.reverse(items)).map(change),
  });
}

/** Keeps the note in memory until the answer is there. */
function noteLater(store: Store): Store {
  const kept = new Map<number, NewAttempt>();
  const written = new Map<number, number>();
  const attempts = override(store.attempts, {
    add: (attempt: NewAttempt) => {
      const id = -1 - kept.size;
      kept.set(id, attempt);
      return id;
    },
    answer: (...[id, ...answer]: Parameters<Store["attempts"]["answer"]>) => {
      const attempt = kept.get(id);
      const real = written.get(id) ?? (attempt === undefined ? id : store.attempts.add(attempt));
      written.set(id, real);
      store.attempts.answer(real, ...answer);
    },
  });
  const postings = override(store.postings, {
    add: (posting: Parameters<Store["postings"]["add"]>[0]) =>
      store.postings.add({ ...posting, attemptId: written.get(posting.attemptId) ?? posting.attemptId }),
  });
  return override(store, { attempts, postings });
}

/** Takes the key of a record for the fingerprint of its cells. */
function knownByKey(store: Store): Store {
  const records = override(store.records, {
    stage: (...values: Parameters<Store["records"]["stage"]>) => {
      const staging = store.records.stage(...values);
      const [add, addKnown] = [staging.add.bind(staging), staging.addKnown.bind(staging)];
      return Object.assign(staging, {
        add: (...[record, twice]: Parameters<typeof add>) => add({ ...record, cells: record.key }, twice),
        addKnown: (...[glimpsed, line]: Parameters<typeof addKnown>) => addKnown({ ...glimpsed, cells: glimpsed.key }, line),
      });
    },
  });
  return override(store, { records });
}

/** Moves the watermark as soon as a unit was read, to the highest cursor in it, whatever becomes of the run. */
function watermarkFirst(store: Store): Store {
  let pipelineId = 0;
  let highest = "";
  const records = override(store.records, {
    stage: (...values: Parameters<Store["records"]["stage"]>) => {
      const staging = store.records.stage(...values);
      pipelineId = values[0];
      const add = staging.add.bind(staging);
      // It keeps a state of its own and belongs to nobody else, so it is changed and not copied.
      return Object.assign(staging, {
        add: (...incoming: Parameters<typeof staging.add>) => {
          const { cursor } = incoming[0];
          if (cursor !== null && cursor > highest) highest = cursor;
          return add(...incoming);
        },
      });
    },
  });
  const watermarks = override(store.watermarks, {
    get: (id: number, stream: string) => {
      const moved = store.watermarks.get(id, stream);
      return highest > (moved ?? "") ? highest : moved;
    },
  });
  const moved = override(store, { records, watermarks });
  return override(moved, {
    transaction: <T>(work: () => T): T =>
      store.transaction(() => {
        const done = work();
        if (highest > (store.watermarks.get(pipelineId, "records") ?? "")) store.watermarks.set(pipelineId, "records", highest, null);
        return done;
      }),
  });
}
