import { createHash } from "node:crypto";
import type { LogLevel } from "../config/observe-schema.js";
import { BUG, type Failure, type Happening } from "../model/observer.js";
import { dispositionOf } from "../model/problem.js";
import { durationMs, type Told } from "./hub.js";

/** The fields of a line beside its level. Nothing else is ever written. */
export type Fields = Readonly<Record<string, string | number | boolean | readonly string[] | Readonly<Record<string, number>> | null>>;

export interface Line {
  readonly level: LogLevel;
  readonly fields: Fields;
}

/** Enough to find the same item in two lines. */
const FINGERPRINT_DIGITS = 12;

/** What is written of something that happened; null where it is only the beginning of what is written when it ends. */
export function lineOf(told: Told, details: "counts" | "keys", trace: string | null): Line | null {
  const { happening, at } = told;
  const said = sayingOf(told, (key) => (details === "keys" ? key : fingerprint(key)));
  if (said === null) return null;
  const pipeline = "pipeline" in happening ? happening.pipeline : told.pipeline;
  const fields = {
    time: at.toISOString(),
    event: happening.kind,
    pipeline,
    run: told.run,
    ...(trace === null ? {} : { trace_id: trace }),
    ...said.fields,
  };
  return { level: said.level, fields };
}

/** The first digits of a SHA-256. Whoever knows the keys can find theirs: it keeps names out of sight, and does not make them secret. */
export function fingerprint(key: string): string {
  return `#${createHash("sha256").update(key).digest("hex").slice(0, FINGERPRINT_DIGITS)}`;
}

function sayingOf(told: Told, shown: (key: string) => string): Line | null {
  const { happening } = told;
  const took = durationMs(told);
  const duration = took === null ? {} : { duration_ms: Math.round(took) };
  switch (happening.kind) {
    case "call started":
    case "exchange started":
      return null;
    case "run started":
      return { level: "info", fields: { does: happening.does, full: happening.full } };
    case "run ended": {
      const { status, counts, problems } = happening;
      return {
        level: levelOfRun(happening),
        fields: { status, ...duration, problems, ...(counts === null ? {} : { counts: { ...counts } }) },
      };
    }
    case "stage started":
      return { level: "debug", fields: { stage: happening.stage } };
    case "stage ended": {
      const { stage, counts, failed } = happening;
      return { level: failed === null ? "info" : "warn", fields: { stage, ...duration, counts, ...failure(failed) } };
    }
    case "unit read":
      return { level: "info", fields: { unit: shown(happening.unit), records: happening.records } };
    case "unit abandoned":
      return { level: "warn", fields: { unit: shown(happening.unit), code: happening.code } };
    case "call ended": {
      const begun = told.began?.happening;
      const asked = begun?.kind === "call started" ? { operation: begun.operation, documents: begun.documents } : {};
      const { outcomes, failed } = happening;
      return { level: failed === null ? "debug" : "warn", fields: { ...asked, ...duration, outcomes, ...failure(failed) } };
    }
    case "exchange ended": {
      const begun = told.began?.happening;
      const asked =
        begun?.kind === "exchange started" ? { method: begun.method, host: begun.host, name: begun.name, attempt: begun.attempt } : {};
      return { level: isTrouble(happening.answer) ? "warn" : "debug", fields: { ...asked, answer: happening.answer, ...duration } };
    }
    case "waiting":
      return { level: "info", fields: { wait_ms: Math.round(happening.waitMs), asked: happening.asked, attempt: happening.attempt } };
    case "lease taken":
      return {
        level: happening.from === null ? "debug" : "warn",
        fields: { lease: happening.lease, ...(happening.from === null ? {} : { from: happening.from }) },
      };
    case "lease refused":
      return { level: "warn", fields: { lease: happening.lease, host: happening.host, pid: happening.pid, since: happening.since } };
    case "problem found":
      return { level: levelOf(happening.code), fields: { code: happening.code, item: happening.item, key: shown(happening.key) } };
    case "plan saved":
      return { level: "info", fields: { plan: happening.plan, sends: happening.sends } };
    case "plan applied":
      return { level: "info", fields: { plan: happening.plan, left_out: happening.leftOut } };
    case "people told": {
      const { channel, events, delivered } = happening;
      return { level: delivered ? "info" : "warn", fields: { channel, events, delivered } };
    }
    case "stopped":
      return { level: "error", fields: { problems: happening.problems } };
  }
}

function levelOfRun({ status }: Extract<Happening, { kind: "run ended" }>): LogLevel {
  if (status === "failed" || status === "threshold") return "error";
  return status === "done" ? "info" : "warn";
}

function levelOf(code: Failure): LogLevel {
  const disposition = code === BUG ? "stop" : dispositionOf(code);
  return disposition === "stop" ? "error" : disposition === "notice" ? "info" : "warn";
}

function failure(failed: Failure | null): { readonly failed?: string } {
  return failed === null ? {} : { failed };
}

function isTrouble(answer: number | string): boolean {
  return typeof answer === "string" || answer === 429 || answer >= 500;
}
