import { cursorText, displayCursor } from "../../model/cursor.js";
import { isDateText } from "../../model/dates.js";
import { Decimal } from "../../model/decimal.js";
import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { PostingHistory } from "../../store/postings.js";
import { decide } from "../decision.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { count } from "../render/progress.js";
import { renderTable } from "../render/table.js";
import { pipelineInStore, withStore } from "../session.js";

interface StateOptions extends CommonOptions {
  readonly pipeline?: string;
}

export async function list(context: CommandContext, options: StateOptions): Promise<number> {
  const { io } = context;
  return withStore(context, options, (store) => {
    const rows = store.pipelineNames().map((name) => {
      const id = store.pipelineId(name);
      const watermark = store.watermarks.get(id, "records");
      return {
        pipeline: name,
        watermark: watermark === null ? null : displayCursor(watermark),
        units: store.units.list(id).filter((unit) => unit.fingerprint !== null).length,
        records: store.records.count(id),
        posted: store.postings.countLive(id),
      };
    });
    if (options.json === true) printJson(io, rows);
    else {
      io.out(
        renderTable(
          [
            { title: "pipeline" },
            { title: "watermark" },
            { title: "units read", align: "right" },
            { title: "records", align: "right" },
            { title: "posted", align: "right" },
          ],
          rows.map((row) => [row.pipeline, row.watermark ?? "none", count(row.units), count(row.records), count(row.posted)]),
        ),
      );
    }
    return EXIT.done;
  });
}

/** How a posting stands: booked, on its way, or at its end. */
function endingText({ endedAs, reversedBy, step }: PostingHistory): string {
  if (reversedBy === null) return step === null ? "" : `draft, got as far as ${step}`;
  if (endedAs === "deleted") return "draft, deleted";
  if (endedAs === "updated") return "draft, became the next version";
  return endedAs === "gone" ? `no longer in the target (${reversedBy})` : `reversed by ${reversedBy}`;
}

export async function show(context: CommandContext, options: StateOptions, key: string | undefined): Promise<number> {
  const { io } = context;
  return withStore(context, options, (store) => {
    const { id, name } = pipelineInStore(store, options.pipeline);
    if (key !== undefined) {
      const history = store.postings.history(id, key);
      if (history.length === 0)
        throw new ProblemError(
          problem("NOT_FOUND", `${name} has posted no document \`${key}\``, [], "if it waits, `sync quarantine show KEY` says why"),
        );
      if (options.json === true) printJson(io, history);
      else {
        io.out(
          renderTable(
            [{ title: "version", align: "right" }, { title: "posted as" }, { title: "at (UTC)" }, { title: "ended" }, { title: "our key" }],
            history.map((row) => [String(row.version), row.reference, row.postedAt, endingText(row), row.idempotencyKey]),
          ),
        );
      }
      return EXIT.done;
    }
    const units = store.units.list(id);
    if (options.json === true) printJson(io, units);
    else {
      io.out(
        renderTable(
          [{ title: "unit" }, { title: "records", align: "right" }, { title: "run", align: "right" }, { title: "content (SHA-256)" }],
          units.map((unit) => [
            unit.name,
            count(unit.records),
            unit.runId === null ? "" : String(unit.runId),
            unit.fingerprint ?? "will be read again",
          ]),
        ),
      );
    }
    return EXIT.done;
  });
}

export async function set(
  context: CommandContext,
  options: StateOptions,
  what: string | undefined,
  value: string | undefined,
): Promise<number> {
  const { io } = context;
  return withStore(context, options, (store) => {
    const { id, name } = pipelineInStore(store, options.pipeline);
    const decision = { at: context.now().toISOString(), actor: context.actor, pipeline: name, run: null, subject: null };
    const wanted = value ?? "";
    if (what === "forget") {
      const isForgotten = decide(context, store, name, () => {
        if (!store.units.forget(id, wanted)) return false;
        store.audit.append({ ...decision, event: "unit forgotten", detail: { unit: wanted } });
        return true;
      });
      if (!isForgotten) {
        const near = nearestName(
          wanted,
          store.units.list(id).map((unit) => unit.name),
        );
        throw new ProblemError(
          problem(
            "NOT_FOUND",
            `${name} has read no unit \`${wanted}\``,
            [],
            near === null ? "`sync state show` lists them" : `did you mean \`${near}\`?`,
          ),
        );
      }
      io.out(`${wanted} will be read again by the next run; records that are as they were change nothing\n`);
      return EXIT.done;
    }
    const position = readPosition(wanted);
    const moved = decide(context, store, name, () => {
      const former = store.watermarks.get(id, "records");
      // Moving forward would skip records that were never read.
      if (former === null || position > former) throw forward(former, wanted);
      const change = { from: displayCursor(former), to: displayCursor(position) };
      store.watermarks.set(id, "records", position, null);
      store.audit.append({ ...decision, event: "watermark moved", detail: change });
      return change;
    });
    io.out(`watermark of ${name} moved back from ${moved.from} to ${moved.to}\n`);
    return EXIT.done;
  });
}

function forward(former: string | null, wanted: string): ProblemError {
  const standing = former === null ? "not set" : displayCursor(former);
  return new ProblemError(
    problem(
      "USAGE",
      `the watermark can only be moved back: it is \`${standing}\`, asked for \`${wanted}\``,
      [],
      "records between the two would never be read",
    ),
  );
}

function readPosition(text: string): string {
  if (isDateText(text)) return text;
  const number = Decimal.parse(text);
  if (number !== null) return cursorText(number) ?? text;
  const instant = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(instant.getTime())) return instant.toISOString();
  throw new ProblemError(
    problem(
      "USAGE",
      `\`${text}\` is no position`,
      [],
      "give a date `2026-11-01`, an instant with its zone `2026-11-01T00:00:00+08:00`, or a number",
    ),
  );
}
