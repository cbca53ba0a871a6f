import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { CommandContext } from "../src/cli/io.js";
import { buildProgram } from "../src/cli/program.js";
import { renderJsonSchemas } from "../src/config/json-schemas.js";
import { renderConfigurationReference } from "../src/config/reference.js";
import { connectors } from "../src/connectors/index.js";
import type { SandboxDefinition } from "../src/connectors/sandbox/contract.js";
import { FAULT_FORMS } from "../src/connectors/sandbox/faults.js";
import { sandboxes } from "../src/connectors/sandboxes.js";
import { renderFunctionReference } from "../src/expression/reference.js";
import { renderExamples } from "./problem-examples.js";
import { renderProblemSections, renderProblemTable } from "./problem-pages.js";
import { table } from "./table.js";

const root = fileURLToPath(new URL("..", import.meta.url));

const PROBLEM_PAGES = [
  ["docs/problems.md", "en"],
  ["docs/problems.zh.md", "zh"],
] as const;

/** Every file that is generated, whole or in part, as it should be. Paths are relative to the project's root. */
export async function renderPages(): Promise<Map<string, string>> {
  const all = await Promise.all([...connectors.values()].map((load) => load()));
  const pages = new Map<string, string>();
  for (const [name, text] of renderJsonSchemas(all)) pages.set(`schemas/${name.replace(/^schemas\//, "")}`, text);
  pages.set("docs/expressions.md", fill("docs/expressions.md", { functions: renderFunctionReference() }));
  pages.set("docs/configuration.md", fill("docs/configuration.md", { configuration: renderConfigurationReference(all) }));
  pages.set("src/explain/examples.ts", renderExamples());
  for (const [path, language] of PROBLEM_PAGES)
    pages.set(path, fill(path, { problems: renderProblemTable(language), explanations: renderProblemSections(language) }));
  const standIns = await Promise.all([...sandboxes.values()].map((load) => load()));
  pages.set("docs/sandboxes.md", fill("docs/sandboxes.md", { sandboxes: renderSandboxes(standIns), faults: renderFaults(standIns) }));
  const connectorRows = all.map(({ name, summary, source, target }) => [
    `[\`${name}\`](src/connectors/${name}/README.md)`,
    [source === undefined ? "" : "source", target === undefined ? "" : `target (${target.documents.join(", ")})`]
      .filter((each) => each !== "")
      .join(", "),
    summary,
  ]);
  pages.set(
    "README.md",
    fill("README.md", { commands: renderCommands(), connectors: table(["connector", "as", "what it is"], connectorRows) }),
  );
  return pages;
}

/** Puts generated text between its markers: `<!-- generated:NAME -->` and `<!-- /generated:NAME -->`. */
function fill(path: string, blocks: Readonly<Record<string, string>>): string {
  let text = readFileSync(`${root}${path}`, "utf8");
  for (const [name, block] of Object.entries(blocks)) {
    const open = `<!-- generated:${name} -->`;
    const close = `<!-- /generated:${name} -->`;
    const from = text.indexOf(open);
    const to = text.indexOf(close);
    if (from === -1 || to < from) throw new Error(`${path} has no block ${open} … ${close}`);
    text = `${text.slice(0, from + open.length)}\n${block.trim()}\n${text.slice(to)}`;
  }
  return text;
}

function renderCommands(): string {
  const context = { io: { out: () => undefined, err: () => undefined } } as unknown as CommandContext;
  const program = buildProgram(context, "", () => undefined);
  const rows: string[][] = [];
  const visit = (command: Command, path: string): void => {
    for (const each of command.commands) {
      const name = `${path}${each.name()}`;
      if (each.commands.length > 0) visit(each, `${name} `);
      else {
        const names = each.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
        const options = each.options.map((option) => option.long ?? "").filter((long) => !COMMON.includes(long));
        rows.push([`\`sync ${[name, ...names].join(" ")}\``, each.description(), options.map((long) => `\`${long}\``).join(" ")]);
      }
    }
  };
  visit(program, "");
  return table(["command", "what it does", "options"], rows);
}

const COMMON = ["--project", "--env", "--json", "--no-color"];

function renderSandboxes(all: readonly SandboxDefinition[]): string {
  const rows = all.map(({ name, port, summary }) => [`\`sync sandbox ${name}\``, String(port), summary]);
  return table(["command", "port", "stands for"], rows);
}

function renderFaults(all: readonly SandboxDefinition[]): string {
  const own = all.flatMap(({ name, faults = [] }) => faults.map(([form, about]) => [`\`${form}\``, `\`${name}\` only: ${about}`]));
  return table(["fault", "what happens"], [...FAULT_FORMS.map(([form, about]) => [`\`${form}\``, about]), ...own]);
}
