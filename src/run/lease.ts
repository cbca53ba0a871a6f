import { ProblemError, problem } from "../model/problem.js";
import type { Store } from "../store/store.js";
import type { Effects } from "./effects.js";

/** Longer than any pause of a living run; a run that was asleep longer finds out before it sends. */
const HOLD_MS = 120_000;
const RENEW_MS = 30_000;

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
  release(): void;
}

/** Takes the lease, or throws ProblemError STORE_BUSY that says who holds it and since when. */
export function takeLease(store: Store, name: string, effects: Effects): HeldLease {
  const owner = effects.randomWord();
  const { host, pid } = effects;
  const until = (from: Date): string => new Date(from.getTime() + HOLD_MS).toISOString();
  let renewedAt = effects.now();
  store.transaction(() => {
    const at = renewedAt.toISOString();
    const held = store.leases.get(name);
    if (held !== null) {
      const isDead = held.host === host && !effects.isAlive(held.pid);
      const isExpired = held.expiresAt <= at;
      if (!isDead && !isExpired) {
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
      const detail = { formerHost: held.host, formerPid: held.pid, since: held.acquiredAt, why } as const;
      store.audit.append({ at, actor: effects.actor, event: "lease taken over", pipeline: name, run: null, subject: null, detail });
    }
    store.leases.put({ name, owner, host, pid, acquiredAt: at, renewedAt: at, expiresAt: until(renewedAt) });
  });
  const lost = (): ProblemError =>
    new ProblemError(
      problem(
        "STORE_LEASE_LOST",
        `another run took over \`${name}\` while this one was not running`,
        [],
        "this run stopped, and neither sent nor wrote anything more; the other run goes on",
      ),
    );
  const isHeld = (): boolean => store.leases.get(name)?.owner === owner;
  return {
    ensure() {
      const now = effects.now();
      if (now.getTime() - renewedAt.getTime() < RENEW_MS && now >= renewedAt) return;
      if (!store.leases.renew(name, owner, now.toISOString(), until(now))) throw lost();
      renewedAt = now;
    },
    isHeld,
    write(work) {
      return store.transaction(() => {
        if (!isHeld()) throw lost();
        return work();
      });
    },
    release() {
      store.leases.release(name, owner);
    },
  };
}
