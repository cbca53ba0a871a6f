import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "yaml";
import type { SandboxDefinition } from "../../connectors/sandbox/contract.js";
import { SandboxError } from "../../connectors/sandbox/contract.js";
import { type SandboxServer, serveSandbox } from "../../connectors/sandbox/server.js";
import { sandboxes } from "../../connectors/sandboxes.js";
import { isLoopback } from "../../model/loopback.js";
import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, printJson } from "../io.js";
import { renderTable } from "../render/table.js";
import { wholeNumber } from "./plan.js";

interface SandboxCommandOptions {
  readonly host: string;
  readonly port?: string;
  readonly state?: string;
  readonly seed: string;
  readonly fault: readonly string[];
  readonly json?: boolean;
}

interface Served {
  readonly definition: SandboxDefinition;
  readonly server: SandboxServer;
}

/** Serves the stand-ins of systems until it is stopped; without a name it lists them. */
export async function sandbox(context: CommandContext, options: SandboxCommandOptions, given: unknown): Promise<number> {
  const names = Array.isArray(given) ? (given as string[]) : [];
  if (names.length === 0) return list(context, options);
  const definitions = await Promise.all([...new Set(names)].map(definitionOf));
  const isOne = definitions.length === 1;
  if (!isOne && options.port !== undefined && options.port !== "0")
    throw new ProblemError(problem("USAGE", "several sandboxes cannot share one --port", [], "leave it out: each has a port of its own"));
  const served: Served[] = [];
  try {
    for (const definition of definitions) served.push({ definition, server: await serve(context, options, definition, isOne) });
    const stopped = untilStopped();
    tell(context, options, served);
    await stopped;
  } finally {
    for (const { server } of served) await server.close();
  }
  return EXIT.done;
}

async function list({ io }: CommandContext, { json }: SandboxCommandOptions): Promise<number> {
  const all = await Promise.all([...sandboxes.values()].map((load) => load()));
  const rows = all.map((each) => ({ name: each.name, port: each.port, summary: each.summary }));
  if (json === true) printJson(io, rows);
  else {
    const titles = [{ title: "sandbox" }, { title: "port", align: "right" as const }, { title: "what it stands for" }];
    io.out(
      renderTable(
        titles,
        rows.map((row) => [row.name, String(row.port), row.summary]),
      ),
    );
  }
  return EXIT.done;
}

async function definitionOf(name: string): Promise<SandboxDefinition> {
  const load = sandboxes.get(name);
  if (load !== undefined) return load();
  const near = nearestName(name, [...sandboxes.keys()]);
  const hint = near === null ? "`sync sandbox` lists them" : `did you mean \`${near}\`?`;
  throw new ProblemError(problem("USAGE", `there is no sandbox \`${name}\``, [], hint));
}

/** What it holds is kept in the file that is named; that of several in a folder of that name, each in a file of its own. */
function stateFile({ cwd }: CommandContext, { state }: SandboxCommandOptions, { name }: SandboxDefinition, isOne: boolean): string | null {
  if (state === undefined) return null;
  if (isOne) return resolve(cwd, state);
  mkdirSync(resolve(cwd, state), { recursive: true });
  return resolve(cwd, state, `${name}.state`);
}

async function serve(
  context: CommandContext,
  options: SandboxCommandOptions,
  definition: SandboxDefinition,
  isOne: boolean,
): Promise<SandboxServer> {
  const port = options.port === undefined ? definition.port : wholeNumber(options.port, "--port");
  if (port > 65_535) throw new ProblemError(problem("USAGE", `--port is \`${port}\`, expected at most \`65535\``));
  try {
    return await serveSandbox(definition, {
      host: options.host,
      port,
      file: stateFile(context, options, definition, isOne),
      seed: wholeNumber(options.seed, "--seed"),
      faults: options.fault,
      now: context.now,
    });
  } catch (cause) {
    if (cause instanceof SandboxError) throw new ProblemError(problem("USAGE", cause.message));
    throw cause;
  }
}

function tell({ io }: CommandContext, options: SandboxCommandOptions, served: readonly Served[]): void {
  const told = served.map(({ definition, server: { address } }) => ({
    definition,
    address,
    control: `${address}/_sandbox`,
    connection: { connector: definition.name, ...definition.connection(address) },
  }));
  if (options.json === true) {
    const shown = told.map(({ address, control, connection }) => ({ address, control, connection }));
    printJson(io, shown.length === 1 ? shown[0] : shown);
    return;
  }
  for (const { definition, address, control } of told) io.out(`# ${definition.summary}\n# ${address}, steered at ${control}\n`);
  const connections = Object.fromEntries(told.map(({ definition, connection }) => [definition.name, connection]));
  io.out(stringify({ connections }, { lineWidth: 0 }));
  const what = served.length === 1 ? "it" : "they";
  const s = served.length === 1 ? "s" : "";
  if (!isLoopback(options.host))
    io.err(
      `others can reach and steer ${served.length === 1 ? "it" : "them"}: ${what} listen${s} on ${options.host}, not only on this machine\n`,
    );
  const memory =
    options.state === undefined
      ? `what ${what} hold${s} ends with ${served.length === 1 ? "it" : "them"}; \`--state\` keeps it`
      : `the state is kept in ${options.state}`;
  io.err(`${memory}; Ctrl-C ends ${served.length === 1 ? "it" : "them"}\n`);
}

/** Ctrl-C is how one ends it, so it is no failure. */
async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}
