import { closeSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { type AuditVerdict, auditLine } from "../../model/audit.js";
import { ProblemError, problem } from "../../model/problem.js";
import { joinKey } from "../../model/record.js";
import { AuditLog } from "../../store/audit-log.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { auditRowToJson, renderAuditRows, renderVerdict, verdictToJson } from "../render/audit.js";
import { openProject, placeOf } from "../session.js";
import { wholeNumber } from "./plan.js";

interface AuditOptions extends CommonOptions {
  readonly pipeline?: string;
  readonly document?: string;
  readonly run?: string;
  readonly limit?: string;
  readonly head?: string;
  readonly out?: string;
}

/** Lines are gathered to this many characters before they are written. */
const WRITE_CHARACTERS = 1 << 16;

async function withLog(context: CommandContext, options: CommonOptions, work: (log: AuditLog) => number): Promise<number> {
  const project = await openProject(context, options);
  const log = AuditLog.open(placeOf(project));
  try {
    return work(log);
  } finally {
    log.close();
  }
}

export async function log(context: CommandContext, options: AuditOptions): Promise<number> {
  const { io } = context;
  const { pipeline = null, document, run } = options;
  // Keys of several parts are shown as `a / b`, and people copy what they see.
  const subjects = document === undefined ? null : [document, joinKey(document.split(" / "))];
  const wanted = {
    pipeline,
    subjects,
    run: run === undefined ? null : wholeNumber(run, "--run"),
    limit: wholeNumber(options.limit ?? "50", "--limit"),
  };
  return withLog(context, options, (audit) => {
    const rows = audit.latest(wanted);
    if (options.json === true) printJson(io, rows.map(auditRowToJson));
    else io.out(rows.length === 0 ? "no row of the audit log fits\n" : renderAuditRows(rows));
    return EXIT.done;
  });
}

/** Exit code 1 when a row does not fit, or the noted head is not there. */
export async function verify(context: CommandContext, options: AuditOptions): Promise<number> {
  const { io } = context;
  const noted = options.head === undefined ? null : readHead(options.head);
  return withLog(context, options, (audit) => {
    const chain = audit.chain(noted);
    for (const row of audit.rows()) if (!chain.accept(row)) break;
    const verdict = chain.verdict();
    if (options.json === true) printJson(io, verdictToJson(verdict));
    else io.out(renderVerdict(verdict));
    return exitOf(verdict);
  });
}

/** Writes all rows, also those of a log that does not verify, which it says on stderr. */
export async function exportLog(context: CommandContext, options: AuditOptions): Promise<number> {
  const { io } = context;
  return withLog(context, options, (audit) => {
    const chain = audit.chain();
    const file = options.out === undefined ? null : openSync(resolve(context.cwd, options.out), "w", 0o600);
    const write = (text: string): void => {
      if (file === null) io.out(text);
      else writeSync(file, text);
    };
    try {
      let text = "";
      for (const row of audit.rows()) {
        chain.accept(row);
        text += `${auditLine(row)}\n`;
        if (text.length < WRITE_CHARACTERS) continue;
        write(text);
        text = "";
      }
      write(text);
    } finally {
      if (file !== null) closeSync(file);
    }
    const verdict = chain.verdict();
    if (options.json === true && file !== null) printJson(io, verdictToJson(verdict));
    else io.err(renderVerdict(verdict));
    return exitOf(verdict);
  });
}

function exitOf(verdict: AuditVerdict): number {
  return verdict.fault === null ? EXIT.done : EXIT.error;
}

function readHead(text: string): string {
  const head = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(head)) return head;
  throw new ProblemError(
    problem("USAGE", `--head is \`${text}\`, expected the 64 hexadecimal digits that an earlier \`sync audit verify\` or export printed`),
  );
}
