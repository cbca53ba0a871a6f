import type { ListedEntry, PostedVersion } from "../model/reconciliation.js";

/** A document of the target that no live posting of ours stands for. */
export interface Stray {
  readonly entry: ListedEntry;
  /** `unknown`: the store never posted this version; `cancelled`: it did and noted that it was cancelled; `twice`: the target holds it more than once. */
  readonly why: "unknown" | "cancelled" | "twice";
  readonly version: PostedVersion | null;
}

/** A reversal that the target lists, with what it cancels; null where the target no longer holds that, or the store does not know it. */
export interface Cancellation {
  readonly version: PostedVersion | null;
  readonly original: ListedEntry | null;
  readonly reversal: ListedEntry;
}

/** What a target lists of one document, beside what the store knows of it. */
export interface Matched {
  /** The entry of each live version, where it is there and not cancelled. */
  readonly found: ReadonlyMap<number, ListedEntry>;
  readonly strays: readonly Stray[];
  readonly cancellations: readonly Cancellation[];
  /** Versions that were posted and reversed, and of which nothing is left. */
  readonly vanished: readonly PostedVersion[];
}

/** `keepsCancelled`: what the target cancels stays there to be seen, with its reversal. */
export function matchListing(versions: readonly PostedVersion[], entries: readonly ListedEntry[], keepsCancelled: boolean): Matched {
  const known = new Map(versions.map((version) => [version.posting.version, version]));
  const found = new Map<number, ListedEntry>();
  const strays: Stray[] = [];
  const cancellations: Cancellation[] = [];
  const vanished: PostedVersion[] = [];
  const numbers = new Set([...known.keys(), ...entries.map((entry) => entry.version)]);
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const version = known.get(number) ?? null;
    const own = entries.filter((entry) => entry.version === number);
    const [original = null, ...copies] = own.filter((entry) => entry.act === "post");
    const [reversal = null, ...furtherReversals] = own.filter((entry) => entry.act === "reverse");
    for (const entry of [...copies, ...furtherReversals]) strays.push({ entry, why: "twice", version });
    if (reversal !== null) cancellations.push({ version, original, reversal });
    else if (original === null) {
      if (version?.endedAs === "reversed" && keepsCancelled) vanished.push(version);
    } else if (version === null) strays.push({ entry: original, why: "unknown", version });
    else if (version.endedAs === null) found.set(number, original);
    // What a person cancelled there is listed as it was: only a target that can be read tells that it is no longer in force.
    else if (version.endedAs !== "gone") strays.push({ entry: original, why: "cancelled", version });
  }
  return { found, strays, cancellations, vanished };
}
