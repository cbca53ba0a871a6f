import { resolve } from "node:path";
import { stringify } from "yaml";
import type { SandboxDefinition } from "../../connectors/sandbox/contract.js";
import { SandboxError } from "../../connectors/sandbox/contract.js";
import { type SandboxServer, serveSandbox } from "../../connectors/sandbox/server.js";
import { sandboxes } from "../../connectors/sandboxes.js";
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

/** Serves the stand-in of a system until it is stopped; without a name it lists them. */
export async function sandbox(context: CommandContext, options: SandboxCommandOptions, name: string | undefined): Promise<number> {
  if (name === undefined) return list(context, options);
  const definition = await definitionOf(name);
  const server = await serve(context, options, definition);
  const stopped = untilStopped();
  tell(context, options, definition, server.address);
  await stopped;
  await server.close();
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

async function serve(context: CommandContext, options: SandboxCommandOptions, definition: SandboxDefinition): Promise<SandboxServer> {
  const port = options.port === undefined ? definition.port : wholeNumber(options.port, "--port");
  if (port > 65_535) throw new ProblemError(problem("USAGE", `--port is \`${port}\`, expected at most \`65535\``));
  try {
    return await serveSandbox(definition, {
      host: options.host,
      port,
      file: options.state === undefined ? null : resolve(context.cwd, options.state),
      seed: wholeNumber(options.seed, "--seed"),
      faults: options.fault,
      now: context.now,
    });
  } catch (cause) {
    if (cause instanceof SandboxError) throw new ProblemError(problem("USAGE", cause.message));
    throw cause;
  }
}

function tell({ io }: CommandContext, options: SandboxCommandOptions, definition: SandboxDefinition, address: string): void {
  const connection = { connector: definition.name, ...definition.connection(address) };
  if (options.json === true) {
    printJson(io, { address, control: `${address}/_sandbox`, connection });
    return;
  }
  io.out(`# ${definition.summary}\n# ${address}, steered at ${address}/_sandbox\n`);
  io.out(stringify({ connections: { [definition.name]: connection } }, { lineWidth: 0 }));
  if (!isLoopback(options.host)) io.err(`others can reach it and steer it: it listens on ${options.host}, not only on this machine\n`);
  const memory =
    options.state === undefined ? "what it holds ends with it; `--state FILE` keeps it" : `its state is kept in ${options.state}`;
  io.err(`${memory}; Ctrl-C ends it\n`);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Ctrl-C is how one ends it, so it is no failure. */
async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}
