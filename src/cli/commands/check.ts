import type { Pipeline, Project } from "../../config/pipeline.js";
import { nearestName } from "../../model/nearest.js";
import { dispositionOf, type Problem, ProblemError, problem } from "../../model/problem.js";
import { probeSource, probeTarget } from "../../run/probe.js";
import { liveEffects } from "../effects.js";
import { EXIT, exitOfProblem } from "../exit-codes.js";
import { type CommandContext, printJson } from "../io.js";
import { type PersonalOptions, RecordCover, showsPersonal } from "../personal.js";
import { masker } from "../render/mask.js";
import { type Probed, probedToJson, problemsOf, renderProbed } from "../render/probe.js";
import { renderProblems } from "../render/problem.js";
import { allPipelines, folderOf, openProject } from "../session.js";
import { wholeNumber } from "./plan.js";

interface CheckOptions extends PersonalOptions {
  readonly limit: string;
}

/** A pipeline, and which of its ends is to be tried. */
interface Use {
  readonly pipeline: Pipeline;
  readonly asSource: boolean;
  readonly asTarget: boolean;
}

/** Tries a connection as its pipelines use it: the first records of a source, a question to a target. Nothing is posted or remembered. */
export async function check(context: CommandContext, options: CheckOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const limit = wholeNumber(options.limit, "--limit");
  const project = await openProject(context, options);
  const uses = await usesOf(project, name ?? "");
  const mask = masker(project.secrets);
  const live = liveEffects(context, () => undefined);
  const found: Probed[] = [];
  try {
    for (const { pipeline, asSource, asTarget } of uses) {
      if (live.effects.signal.aborted) break;
      const { now, sleep, signal } = live.effects;
      const around = { folder: folderOf(pipeline), timeZone: project.timeZone, now, sleep, signal };
      const source = asSource ? await probeSource(pipeline, around, limit) : null;
      const target = asTarget ? await probeTarget(pipeline, around) : null;
      const probed = { pipeline, source, target, cover: new RecordCover(pipeline, showsPersonal(project, options)) };
      found.push(probed);
      if (options.json === true) continue;
      io.out(`${found.length > 1 ? "\n" : ""}${renderProbed(probed, mask)}`);
      const problems = problemsOf(probed, mask);
      if (problems.length > 0) io.err(renderProblems(problems, { color: options.color !== false && io.errIsTerminal }));
    }
  } finally {
    live.dispose();
  }
  if (options.json === true)
    printJson(
      io,
      found.map((each) => probedToJson(each, mask)),
    );
  const stoppedBy = live.stoppedBy();
  if (stoppedBy !== null) return stoppedBy === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
  const failed = found.flatMap((each) => problemsOf(each, mask)).find((each) => dispositionOf(each.code) !== "notice");
  return failed === undefined ? EXIT.done : exitOfProblem(failed.code);
}

/** Where a name is used: a pipeline with both of its ends, or a connection in each pipeline that names it. */
async function usesOf(project: Project, name: string): Promise<Use[]> {
  const { pipelines, problems } = await allPipelines(project);
  const uses = project.connections.has(name)
    ? pipelines
        .map((pipeline) => ({ pipeline, asSource: pipeline.source.name === name, asTarget: pipeline.target.name === name }))
        .filter(({ asSource, asTarget }) => asSource || asTarget)
    : pipelines.filter((pipeline) => pipeline.name === name).map((pipeline) => ({ pipeline, asSource: true, asTarget: true }));
  if (uses.length > 0) return uses;
  throw new ProblemError([notUsed(project, pipelines, name), ...problems]);
}

function notUsed(project: Project, pipelines: readonly Pipeline[], name: string): Problem {
  if (project.connections.has(name)) {
    const hint = "a connection says where a system is, a pipeline what is read or posted there: write one that names it";
    return problem("USAGE", `no pipeline that can be read uses the connection \`${name}\``, [], hint);
  }
  const known = [...project.connections.keys(), ...pipelines.map((pipeline) => pipeline.name)];
  const near = nearestName(name, known);
  const list = known.map((each) => `\`${each}\``).join(", ") || "none";
  const hint = near === null ? "`sync validate` lists all pipelines and what is wrong with them" : `did you mean \`${near}\`?`;
  return problem("USAGE", `\`${name}\` is neither a connection nor a pipeline; there are ${list}`, [], hint);
}
