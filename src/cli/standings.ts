import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { Pipeline, Project } from "../config/pipeline.js";
import type { Problem } from "../model/problem.js";
import type { Store } from "../store/store.js";
import { isAlive } from "./effects.js";
import type { CommandContext } from "./io.js";
import { allPipelines, openToLook } from "./session.js";
import { type LeaseStanding, leasesOf, type Standing, standingOf } from "./standing.js";

/** Where everything stands at one moment. */
export interface Standings {
  readonly at: Date;
  /** Null before the first run; closed when whoever looks at it has returned. */
  readonly store: Store | null;
  /** Every pipeline of the project and of the store. */
  readonly standings: readonly Standing[];
  readonly leases: readonly LeaseStanding[];
  /** What is wrong with the files of pipelines. */
  readonly problems: readonly Problem[];
}

/** Looks where every pipeline stands. Nothing that is written meanwhile is seen in part. */
export async function lookAtAll<T>(context: CommandContext, project: Project, look: (found: Standings) => T): Promise<T> {
  const { pipelines, problems } = await allPipelines(project);
  // Calculating with time zones is loaded only where a pipeline has a schedule.
  const due = pipelines.some(({ schedule }) => schedule !== null) ? await import("./due.js") : null;
  const store = existsSync(project.store) ? openToLook(context, project) : null;
  try {
    store?.freeze();
    const at = context.now();
    const leases = store === null ? [] : leasesOf(store, at, hostname(), isAlive);
    const coming = (pipeline: Pipeline) => due?.comingRun(pipeline, pipelines, store, at) ?? null;
    const around = { store, now: at, timeZone: project.timeZone, leases, coming };
    const known = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
    // A pipeline whose file is gone or broken may still have documents that wait.
    const names = [...known.keys(), ...(store?.pipelineNames() ?? []).filter((name) => !known.has(name))];
    const standings = names.map((name) => standingOf(name, known.get(name) ?? null, around));
    return look({ at, store, standings, leases, problems });
  } finally {
    store?.close();
  }
}
