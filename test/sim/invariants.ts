import { earlier } from "../../src/model/cursor.js";
import type { RunRequest } from "../../src/run/pipeline.js";
import type { Books, Entry } from "./books.js";
import type { Circumstances } from "./circumstances.js";
import type { Inspector, SeenDocument } from "./inspector.js";
import type { Variant } from "./place.js";
import type { SimProcess } from "./process.js";
import type { SimSource } from "./source.js";
import type { Story } from "./story.js";
import { REFUSED_ACCOUNT, type Request } from "./target.js";
import { type Cells, type Content, contentOf, linesText, recordKey, type Wishes } from "./wishes.js";

type Dropped = ReturnType<Inspector["dropped"]>;

/** Before a request leaves: it is noted, by the run that holds the lease, and made of all records the store has. */
export function checkSend(story: Story, inspector: Inspector, process: SimProcess, request: Request, kind: RunRequest["kind"]): void {
  const { key } = request;
  if (kind === "plan") story.violate(`${process.name} is to plan, and sends ${key}`);
  const owner = inspector.leaseOwner();
  if (owner !== process.owner) story.violate(`${process.name} sends ${key} without the lease, which ${owner ?? "nobody"} holds`);
  if (!inspector.isNoted(key)) story.violate(`${key} is sent before it is noted`);
  if (request.reverses !== null || request.step !== null) return;
  const document = inspector.document(request.documentKey);
  if (document === null || document.badRows > 0) {
    story.violate(`${key} is sent although ${document?.badRows ?? "all"} of its records cannot be used`);
    return;
  }
  if (request.changes === null ? document.references.length > 0 : document.references.join() !== request.changes.reference)
    story.violate(`${key} is sent although ${document.references.join(", ")} is not reversed`);
  const content = contentOf(document.rows);
  const sent = linesOf(request.document);
  if (content.kind !== "wanted" || content.lines !== sent)
    story.violate(`${key} is sent as ${sent}, and its records say ${content.kind === "wanted" ? content.lines : content.kind}`);
}

/** After a run that did all it had to: every record it was given is in the store, as it was given or newer. */
export function checkRead(story: Story, inspector: Inspector, source: SimSource, process: SimProcess): void {
  const stored = inspector.records();
  const dropped = inspector.dropped();
  for (const [key, row] of source.delivered.get(process) ?? []) {
    if (wasDropped(dropped, row)) continue;
    // An older delivery of a whole document, read late, must not undo a newer one.
    if (source.delivery.wholeDocuments && [...stored.values()].some((other) => other[0] === row[0] && (other[3] ?? "") > (row[3] ?? "")))
      continue;
    if (!holds(stored, row))
      story.violate(`${process.name} read ${key} as ${row.join(" ")}, and the store has ${stored.get(key)?.join(" ") ?? "nothing"}`);
  }
}

/** At any moment between steps, also after a crash: what counts as done is done, and the watermark passed nothing that is not. */
export function checkAtRest(story: Story, inspector: Inspector, books: Books, wishes: Wishes, circumstances: Circumstances): void {
  const dropped = inspector.dropped();
  for (const document of inspector.documents()) {
    if (document.isTouched || document.isInDoubt || document.listed !== null || isLeftAlone(dropped, document)) continue;
    compare(story, document, document.badRows > 0 ? { kind: "faulty" } : contentOf(document.rows), books);
  }
  const watermark = inspector.watermark();
  if (watermark === null || circumstances.delivery.kind !== "windows") return;
  const stored = inspector.records();
  const readAgainFrom = earlier(watermark, circumstances.variant.overlapMs);
  for (const row of wishes.visibleRows()) {
    if ((row[3] ?? "") >= readAgainFrom || wasDropped(dropped, row) || holds(stored, row)) continue;
    story.violate(
      `the watermark ${watermark} passed ${row.join(" ")}, and the store has ${stored.get(recordKey(row))?.join(" ") ?? "nothing"}`,
    );
  }
}

/** When all is quiet: every wanted document stands in the books as it is wanted, or on the list for a reason that lasts. */
export function checkEnd(story: Story, inspector: Inspector, books: Books, wishes: Wishes, variant: Variant): void {
  const dropped = inspector.dropped();
  const seen = new Map(inspector.documents().map((document) => [document.key, document]));
  const rows = new Map<string, Cells[]>();
  for (const row of wishes.rows()) rows.set(row[0], [...(rows.get(row[0]) ?? []), row]);
  for (const [key, all] of rows) {
    const document = seen.get(key);
    if (document === undefined) {
      story.violate(`${key} is wanted, and the store never heard of it`);
      continue;
    }
    const own = all.filter((row) => !wasDropped(dropped, row));
    const content = contentOf(own);
    const live = books.live(key);
    if (books.wasEdited(key)) {
      if (document.isInDoubt) story.violate(`${key} is still in doubt`);
      continue;
    }
    if (document.isInDoubt) story.violate(`${key} is still in doubt`);
    if (document.references.join() !== live.map((entry) => entry.reference).join())
      story.violate(
        `the store has ${key} as ${document.references.join() || "nothing"}, the books as ${live.map((entry) => entry.reference).join() || "nothing"}`,
      );
    if (document.listed === "dropped" || isLeftAlone(dropped, document)) continue;
    if (document.listed !== null) {
      const isRefused = own.some((row) => row[5] === REFUSED_ACCOUNT);
      const isHeld = variant.changed === "hold" && live.length > 0;
      const isBad = content.kind === "faulty" || contentOf(all).kind === "faulty";
      if (!isRefused && !isHeld && !isBad) story.violate(`${key} waits (${document.code}) although nothing speaks against it`);
      continue;
    }
    compare(story, document, content, books);
  }
  for (const key of books.documentKeys()) if (!rows.has(key)) story.violate(`${key} is booked, and nobody ever wanted it`);
  const expected = new Map<string, bigint>();
  for (const key of books.documentKeys()) {
    for (const entry of books.live(key)) {
      for (const line of entry.document.lines)
        expected.set(line.account, (expected.get(line.account) ?? 0n) + (line.side === "debit" ? line.amountMinor : -line.amountMinor));
    }
  }
  const balances = books.balances();
  for (const account of new Set([...expected.keys(), ...balances.keys()])) {
    if ((expected.get(account) ?? 0n) !== (balances.get(account) ?? 0n)) story.violate(`account ${account} does not balance`);
  }
}

function compare(story: Story, document: SeenDocument, content: Content, books: Books): void {
  // What a person changed is noticed when its source changes, and is then on the list.
  if (books.wasEdited(document.key)) return;
  const live = books.live(document.key);
  for (const entry of live) {
    if (books.isDraft(entry))
      story.violate(`${document.key} is not on the list, and ${entry.reference} got no further than step ${entry.step}`);
  }
  const booked = live.map((entry) => `${entry.reference} ${linesOf(entry.document)}`).join(" and ") || "nothing";
  if (content.kind === "faulty") story.violate(`${document.key} has records that cannot be used, and is not on the list`);
  else if (content.kind === "unwanted") {
    if (live.length > 0) story.violate(`${document.key} is not wanted, and the books have ${booked}`);
  } else if (live.length !== 1 || linesOf((live[0] as Entry).document) !== content.lines) {
    story.violate(`${document.key} is wanted as ${content.lines}, and the books have ${booked}`);
  }
}

function linesOf(document: Entry["document"]): string {
  return linesText(document.lines.map((line) => `${line.account} ${line.side === "debit" ? "" : "-"}${line.amountMinor}`));
}

/** All of its records were dropped by a person: what was posted before stays as it is. */
function isLeftAlone(dropped: Dropped, document: SeenDocument): boolean {
  return document.rows.length === 0 && dropped.documents.has(document.key);
}

function wasDropped(dropped: Dropped, row: Cells): boolean {
  return dropped.records.has(`${row[0]}\u001f${row[1]}`);
}

/** True when the store has the row, or a newer one. */
function holds(stored: ReadonlyMap<string, Cells>, row: Cells): boolean {
  const found = stored.get(recordKey(row));
  if (found === undefined) return false;
  if (row[3] !== null && (found[3] ?? "") > row[3]) return true;
  return found[2] === row[2] && found[3] === row[3] && found[5] === row[5];
}
