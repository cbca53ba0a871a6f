import { DAY_MS, type Retention } from "../model/retention.js";
import type { ProjectFile } from "./schema.js";

/** The defaults of the schema, for a project that does not speak of it. */
const USUAL = { attempts: "90d", runs: "400d", plans: "400d", audit: "never" } as const;

export function readRetention(written: Partial<ProjectFile["retention"]>): Retention {
  const { attempts, runs, plans, audit } = { ...USUAL, ...written };
  return { attemptsMs: msOf(attempts), runsMs: msOf(runs), plansMs: msOf(plans), auditMs: msOf(audit) };
}

/** Null for `never`, and for what is no time, which is a problem already. */
function msOf(text: string): number | null {
  const days = /^([1-9]\d{0,4})d$/.exec(text)?.[1];
  return days === undefined ? null : Number(days) * DAY_MS;
}
