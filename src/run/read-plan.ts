import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type Approval, readApproval } from "../model/approval.js";
import { approvalLine, type PlanChange, type PlanHead, type PlanTotals, type PlanWait } from "../model/plan-file.js";
import { ProblemError, problem } from "../model/problem.js";

/** A plan that was read from its file, and found to be as it was written. */
export interface ReadPlan {
  readonly head: PlanHead;
  readonly totals: PlanTotals;
  /** 64 hexadecimal digits. */
  readonly hash: string;
  readonly approvals: readonly Approval[];
}

export interface PlanVisitor {
  readonly change?: (change: PlanChange) => void;
  readonly wait?: (wait: PlanWait) => void;
}

const LINE_FEED = 0x0a;

/**
 * Reads a plan from beginning to end. What the visitor is told counts only when this returns: until the last byte nobody knows whether the file
 * is as it was written. Throws ProblemError PLAN_BROKEN where it is not, NOT_FOUND where there is no file.
 */
export async function readPlan(file: string, visitor: PlanVisitor = {}): Promise<ReadPlan> {
  const digest = createHash("sha256");
  let head: PlanHead | null = null;
  let totals: PlanTotals | null = null;
  let hash: string | null = null;
  const approvals: Approval[] = [];
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    const broken = (what: string): never => refuse(file, number, what);
    if (line === null) return broken("the last line does not end");
    const value = parse(line) ?? broken("the line is no JSON object");
    if (hash !== null) {
      const approval = readApproval(value["approval"]);
      if (approval === null || approvalLine(approval) !== `${line.toString("utf8")}\n`)
        return broken("the line is no approval as it is written");
      approvals.push(approval);
      continue;
    }
    if (totals !== null) {
      const expected = digest.digest("hex");
      if (line.toString("utf8") !== JSON.stringify({ hash: expected }))
        return broken("the hash does not fit: something was changed since it was written");
      hash = expected;
      continue;
    }
    digest.update(line).update("\n");
    if (head === null) {
      if (value["plan"] !== 1) return broken(`the format is \`${String(value["plan"])}\`, expected 1`);
      head = value as unknown as PlanHead;
    } else if ("totals" in value) totals = value["totals"] as PlanTotals;
    else if (!visit(visitor, value)) return broken("the line is none of a plan");
  }
  if (head === null || totals === null || hash === null) return refuse(file, number + 1, "the file ends too early");
  return { head, totals, hash, approvals };
}

/** False for a line that is no change and nothing that waits. Whether it is as it was written shows only at the end of the file. */
function visit(visitor: PlanVisitor, value: Readonly<Record<string, unknown>>): boolean {
  try {
    if ("change" in value) visitor.change?.(value as unknown as PlanChange);
    else if ("waits" in value) visitor.wait?.(value as unknown as PlanWait);
    else return false;
    return true;
  } catch (cause) {
    // What a change must have is missing, or is something else: a document without lines, an amount that is no number.
    if (cause instanceof TypeError || cause instanceof SyntaxError || cause instanceof RangeError) return false;
    throw cause;
  }
}

/** Each line without its end; null for one that does not end. */
async function* linesOf(file: string): AsyncGenerator<Buffer | null> {
  let rest: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
        const part = chunk.subarray(from, end);
        yield rest.length === 0 ? part : Buffer.concat([...rest, part]);
        rest = [];
        from = end + 1;
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new ProblemError(
      problem("NOT_FOUND", `the plan \`${file}\` cannot be read: ${message}`, [], "name the file that `sync plan --out` wrote"),
    );
  }
  if (rest.length > 0) yield null;
}

function parse(line: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function refuse(file: string, line: number, what: string): never {
  throw new ProblemError(
    problem(
      "PLAN_BROKEN",
      `this plan is not as it was written: ${what}`,
      { file, line },
      "make a new plan with `sync plan --out`; nothing was sent",
    ),
  );
}
