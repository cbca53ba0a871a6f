import { existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { ProblemError } from "../../model/problem.js";
import { faultsOf } from "../../store/copy.js";
import type { StorePlace } from "../../store/place.js";
import { Store } from "../../store/store.js";
import { isAlive } from "../effects.js";
import { sizeText } from "../render/size.js";
import { leasesOf } from "../standing.js";
import { type Finding, look, ok, wrong } from "./finding.js";

/** A log that a quiet store would have taken in long ago. */
const LONG_LOG = 256 << 20;
/** Clocks that are set right by a second or two are no fault. */
const SLACK_MS = 5_000;

/**
 * The file itself, as SQLite checks it; leases that nobody gave back; whether this machine's clock is behind what the store remembers; and what
 * `more` finds, which is given null where there is no store that can be read.
 */
export function checkStore(place: StorePlace, now: Date, more: (store: Store | null) => Finding[]): Finding[] {
  const { file } = place;
  if (!existsSync(file)) return [ok("store", "there is none yet; the first run makes it"), ...more(null)];
  try {
    const faults = faultsOf(place);
    const hint = "put back a copy and run `sync recover`; without one, `sync recover` makes a new store from what the targets hold";
    if (faults.length > 0) return [wrong("store", `the file is damaged: ${faults.join("; ")}`, hint), ...more(null)];
    const store = Store.openReadOnly(place);
    try {
      return [...checkFile(file), ...checkLeases(store, now), checkClock(store, now), ...more(store)];
    } finally {
      store.close();
    }
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    return [...cause.problems.map(({ message, hint }) => wrong("store", message, hint ?? null)), ...more(null)];
  }
}

function checkFile(file: string): Finding[] {
  const findings = [ok("store", `${sizeText(statSync(file).size)}, and sound`)];
  const log = `${file}-wal`;
  const length = existsSync(log) ? statSync(log).size : 0;
  if (length > LONG_LOG)
    findings.push(
      look(
        "store",
        `its log \`${log}\` has grown to ${sizeText(length)}`,
        "some process holds the store open; when the last one has closed it, the log is taken in",
      ),
    );
  return findings;
}

function checkLeases(store: Store, now: Date): Finding[] {
  return leasesOf(store, now, hostname(), isAlive).map(({ name, host, pid, acquiredAt, state }) => {
    const holder = `\`${name}\` is held by process ${pid} on ${host} since ${acquiredAt}`;
    if (state === "held") return ok("lease", holder);
    const hint = "that run ended without a word; the next one takes over and looks up what it sent";
    return look("lease", `${holder}, and was not given back`, hint);
  });
}

function checkClock(store: Store, now: Date): Finding {
  const last = store.runs.lastUnlike(Number.MAX_SAFE_INTEGER, "RUN_CLOCK_BACK");
  const behindMs = last === null ? 0 : Date.parse(last.startedAt) - now.getTime();
  const found = now.toISOString();
  if (behindMs > SLACK_MS)
    return wrong(
      "clock",
      `it is ${found}, and run ${last?.id} began at ${last?.startedAt}`,
      "set the clock right; it was put back, or was wrong when that run began",
    );
  return ok("clock", found);
}
