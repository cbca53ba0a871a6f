import { ProblemError, problem } from "../model/problem.js";
import type { Store } from "../store/store.js";
import type { Effects } from "./effects.js";

/** A run that was asleep longer finds out before it sends. */
const HOLD_MS = 120_000;
const RENEW_MS = 30_000;
/** A living run keeps its lease while it waits for one answer, so long; one that hangs gives way to the next. */
const MOST_SILENT_MS = 3_600_000;
/** How long a run waits for its turn where only one may write to a company, and how often it looks. */
const MOST_WAIT_MS = 600_000;
const LOOK_MS = 2_000;

/** The right to work on one pipeline. Call `ensure` before anything is sent, and often enough in between to keep it. */
export interface HeldLease {
  /** Renews the lease when it is due; throws ProblemError STORE_LEASE_LOST when another run took it. */
  ensure(): void;
  /** Asks the store. */
  isHeld(): boolean;
  /**
   * A transaction that only the holder can make: a run that was asleep while another took over must not write what it
   * learnt before, because the other has looked it up by now. Throws ProblemError STORE_LEASE_LOST.
   */
  write<T>(work: () => T): T;
  /**
   * Waits for its turn to write to a company, and has that right too until it ends. False when the run is asked to stop
   * meanwhile; throws ProblemError STORE_BUSY when ten minutes were not enough.
   */
  waitForCompany(company: string): Promise<boolean>;
  release(): void;
}

/** Takes the lease, or throws ProblemError STORE_BUSY that says who holds it and since when. */
export function takeLease(store: Store, name: string, effects: Effects): HeldLease {
  const owner = effects.randomWord();
  let renewedAt = effects.now();
  /** When the run last showed that it goes on. */
  let workedAt = renewedAt;
  take(store, name, owner, effects);
  const names = [name];
  const lost = (): ProblemError =>
    new ProblemError(
      problem(
        "STORE_LEASE_LOST",
        `another run took over \`${name}\` while this one was not running`,
        [],
        "this run stopped, and neither sent nor wrote anything more; the other run goes on",
      ),
    );
  const isHeld = (): boolean => names.every((each) => store.leases.get(each)?.owner === owner);
  const renew = (now: Date): void => {
    if (now.getTime() - renewedAt.getTime() < RENEW_MS && now >= renewedAt) return;
    for (const each of names) if (!store.leases.renew(each, owner, now.toISOString(), untilFrom(now))) throw lost();
    renewedAt = now;
  };
  const ensure = (): void => {
    workedAt = effects.now();
    renew(workedAt);
  };
  const stop = effects.every(RENEW_MS, () => {
    const now = effects.now();
    if (now.getTime() - workedAt.getTime() > MOST_SILENT_MS) return;
    try {
      renew(now);
    } catch {
      // Whoever wants to send or write is told; nobody waits here.
    }
  });
  return {
    ensure,
    isHeld,
    write(work) {
      workedAt = effects.now();
      return store.transaction(() => {
        if (!isHeld()) throw lost();
        return work();
      });
    },
    async waitForCompany(company) {
      const shared = `company ${company}`;
      const from = effects.now().getTime();
      while (!effects.signal.aborted) {
        ensure();
        try {
          take(store, shared, owner, effects);
          names.push(shared);
          return true;
        } catch (cause) {
          const isBusy = cause instanceof ProblemError && cause.problems.every((each) => each.code === "STORE_BUSY");
          if (!isBusy || effects.now().getTime() - from >= MOST_WAIT_MS) throw cause;
        }
        await effects.sleep(LOOK_MS);
      }
      return false;
    },
    release() {
      stop();
      for (const each of names) store.leases.release(each, owner);
    },
  };
}

function take(store: Store, name: string, owner: string, effects: Effects): void {
  const { host, pid } = effects;
  const now = effects.now();
  const at = now.toISOString();
  const { observer } = effects;
  let from: "process gone" | "no sign of life" | null = null;
  store.transaction(() => {
    const held = store.leases.get(name);
    if (held !== null) {
      const isDead = held.host === host && !effects.isAlive(held.pid);
      const isExpired = held.expiresAt <= at;
      if (!isDead && !isExpired) {
        observer?.tell({ kind: "lease refused", lease: name, host: held.host, pid: held.pid, since: held.acquiredAt });
        throw new ProblemError(
          problem(
            "STORE_BUSY",
            `another run holds \`${name}\`: process ${held.pid} on ${held.host}, since ${held.acquiredAt}`,
            [],
            "nothing was done; wait until it ends. If it no longer exists, its hold ends by itself two minutes after its last sign of life",
          ),
        );
      }
      const why = isDead ? "process gone" : "no sign of life";
      from = why;
      const detail = { formerHost: held.host, formerPid: held.pid, since: held.acquiredAt, why } as const;
      store.audit.append({ at, actor: effects.actor, event: "lease taken over", pipeline: name, run: null, subject: null, detail });
    }
    store.leases.put({ name, owner, host, pid, acquiredAt: at, renewedAt: at, expiresAt: untilFrom(now) });
  });
  observer?.tell({ kind: "lease taken", lease: name, from });
}

function untilFrom(from: Date): string {
  return new Date(from.getTime() + HOLD_MS).toISOString();
}
