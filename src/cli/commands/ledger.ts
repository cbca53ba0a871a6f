import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Project } from "../../config/pipeline.js";
import { type Books, openBooks } from "../../connectors/ledger/books.js";
import { exportHledger } from "../../connectors/ledger/hledger.js";
import type { BalanceRequest } from "../../connectors/ledger/trial-balance.js";
import { type BookedVoucher, cancellationOf } from "../../connectors/ledger/voucher.js";
import { isPeriod } from "../../model/dates.js";
import { formatAmount, formatMinor } from "../../model/money.js";
import { PersonalValues } from "../../model/personal.js";
import { ProblemError, problem } from "../../model/problem.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, printJson } from "../io.js";
import { coverOf, type PersonalOptions, showsPersonal } from "../personal.js";
import { renderTable } from "../render/table.js";
import { allPipelines, openProject } from "../session.js";
import { wholeNumber } from "./plan.js";

interface LedgerOptions extends PersonalOptions {
  readonly connection?: string;
  readonly period?: string;
  readonly through?: string;
  readonly limit?: string;
  readonly out?: string;
}

/** Opens the books of the named ledger connection, or of the only one there is. */
async function withBooks(
  context: CommandContext,
  options: LedgerOptions,
  work: (books: Books, project: Project) => number | Promise<number>,
): Promise<number> {
  const project = await openProject(context, options);
  const ledgers = [...project.connections.values()].filter((connection) => connection.connector.name === "ledger");
  const names = ledgers.map((connection) => `\`${connection.name}\``).join(", ") || "none";
  const chosen =
    options.connection === undefined
      ? ledgers.length === 1
        ? ledgers[0]
        : undefined
      : ledgers.find((each) => each.name === options.connection);
  if (chosen === undefined) {
    const message =
      options.connection === undefined
        ? `which ledger? There are ${names}`
        : `no ledger connection \`${options.connection}\`; there are ${names}`;
    throw new ProblemError(problem("USAGE", message, [], "name one with `--connection NAME`"));
  }
  const { file } = chosen.options as { file: string };
  if (!existsSync(file))
    throw new ProblemError(problem("NOT_FOUND", `there are no books at \`${file}\` yet`, [], "they are made by the first `sync run`"));
  const books = openBooks(file);
  try {
    return await work(books, project);
  } finally {
    books.close();
  }
}

export function periodOption(text: string | undefined, option: string): string | undefined {
  if (text === undefined || isPeriod(text)) return text;
  throw new ProblemError(problem("USAGE", `${option} is \`${text}\`, expected a month such as \`2026-11\``));
}

export async function balance(context: CommandContext, options: LedgerOptions): Promise<number> {
  const { io } = context;
  const period = periodOption(options.period, "--period");
  const through = periodOption(options.through, "--through");
  const request: BalanceRequest = { ...(period === undefined ? {} : { period }), ...(through === undefined ? {} : { through }) };
  return withBooks(context, options, (books) => {
    const { rows, totals } = books.trialBalance(request);
    const figures = (
      row: { currency: string; openingMinor: bigint; debitMinor: bigint; creditMinor: bigint; closingMinor: bigint },
      format: typeof formatAmount,
    ) => ({
      opening: format(row.openingMinor, row.currency),
      debit: format(row.debitMinor, row.currency),
      credit: format(row.creditMinor, row.currency),
      closing: format(row.closingMinor, row.currency),
    });
    if (options.json === true) {
      printJson(io, {
        accounts: rows.map((row) => ({
          account: row.account,
          name: row.name,
          type: row.type,
          currency: row.currency,
          ...figures(row, formatMinor),
        })),
        totals: totals.map((total) => ({ currency: total.currency, ...figures(total, formatMinor) })),
      });
      return EXIT.done;
    }
    const cells = (account: string, name: string, row: (typeof totals)[number]): string[] => {
      const shown = figures(row, formatAmount);
      return [account, name, shown.opening, shown.debit, shown.credit, shown.closing, row.currency];
    };
    io.out(
      renderTable(
        [
          { title: "account" },
          { title: "name" },
          { title: "opening", align: "right" },
          { title: "debit", align: "right" },
          { title: "credit", align: "right" },
          { title: "closing", align: "right" },
          { title: "" },
        ],
        [...rows.map((row) => cells(row.account, row.name, row)), ...totals.map((total) => cells("total", "", total))],
      ),
    );
    return EXIT.done;
  });
}

export async function journal(context: CommandContext, options: LedgerOptions): Promise<number> {
  const { io } = context;
  const period = periodOption(options.period, "--period");
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber(options.limit, "--limit");
  return withBooks(context, options, async (books, project) => {
    const covered = await voucherCover(project, options);
    let shown = 0;
    const found: unknown[] = [];
    for (const voucher of books.journal(period)) {
      if (shown === limit) break;
      shown += 1;
      if (options.json === true) found.push(voucherToJson(covered(voucher)));
      else io.out(`${renderVoucher(covered(voucher))}\n`);
    }
    if (options.json === true) printJson(io, found);
    else if (shown === 0) io.out("no vouchers\n");
    return EXIT.done;
  });
}

export async function show(context: CommandContext, options: LedgerOptions, reference: string | undefined): Promise<number> {
  const { io } = context;
  return withBooks(context, options, async (books, project) => {
    const covered = await voucherCover(project, options);
    const wanted = reference ?? "";
    const one = books.voucher(wanted);
    const found = (one === null ? books.vouchersFor(wanted) : [one]).map(covered);
    if (found.length === 0)
      throw new ProblemError(
        problem("NOT_FOUND", `the books have no voucher \`${wanted}\``, [], "give a number such as `2026-11 记-0001`, or a document key"),
      );
    if (options.json === true) printJson(io, found.map(voucherToJson));
    else for (const voucher of found) io.out(`${renderVoucher(voucher)}\n`);
    return EXIT.done;
  });
}

export async function exportBooks(context: CommandContext, options: LedgerOptions): Promise<number> {
  return withBooks(context, options, async (books) => {
    if (options.out === undefined) {
      exportHledger(books, context.io.out);
      return EXIT.done;
    }
    const stream = createWriteStream(resolve(context.cwd, options.out));
    exportHledger(books, (text) => void stream.write(text));
    stream.end();
    await once(stream, "finish");
    return EXIT.done;
  });
}

/** Our key of a voucher begins with its pipeline, which says what is personal in it. The books themselves, and their export, hold it whole. */
async function voucherCover(project: Project, options: LedgerOptions): Promise<(voucher: BookedVoucher) => BookedVoucher> {
  if (showsPersonal(project, options)) return (voucher) => voucher;
  const { pipelines } = await allPipelines(project);
  const values = new PersonalValues();
  const covers = new Map(pipelines.map((pipeline) => [pipeline.name, coverOf(pipeline, false, values)]));
  const unknown = coverOf(null, false, values);
  return (voucher) => {
    const { document: covered } = covers.get(voucher.externalReference.split("/")[0] ?? "") ?? unknown;
    // A red voucher says in each text which one it cancels: that is the ledger's own, and what follows is as the document had it.
    const own = (text: string): string => (voucher.reverses === null ? "" : cancellationOf(text));
    const given = (text: string): string => text.slice(own(text).length);
    const { text, fields, lines } = covered({
      ...voucher,
      type: voucher.kind === "payable" ? "payable" : "journal",
      key: voucher.documentKey,
      text: given(voucher.text),
      lines: voucher.lines.map((line) => ({ ...line, text: given(line.text) })),
    });
    return {
      ...voucher,
      text: own(voucher.text) + text,
      fields,
      lines: voucher.lines.map((line, index) => ({ ...line, ...lines[index], text: own(line.text) + (lines[index]?.text ?? "") })),
    };
  };
}

function renderVoucher(voucher: BookedVoucher): string {
  const facts = [voucher.date, voucher.text, `[${voucher.externalReference}]`];
  if (voucher.reverses !== null) facts.push(`cancels ${voucher.reverses}`);
  if (voucher.reversedBy !== null) facts.push(`cancelled by ${voucher.reversedBy}`);
  const rows = voucher.lines.map((line) => {
    const amount = formatAmount(line.amountMinor, voucher.currency);
    const extras = [line.partner, ...Object.entries(line.dimensions).map(([name, value]) => `${name} ${value}`)].filter(
      (each) => each !== null,
    );
    return [`  ${line.account}`, line.side === "debit" ? amount : "", line.side === "credit" ? amount : "", line.text, extras.join(", ")];
  });
  const table = renderTable(
    [{ title: "  account" }, { title: "debit", align: "right" }, { title: "credit", align: "right" }, { title: "text" }, { title: "" }],
    rows,
  );
  return `${voucher.reference}  ${facts.join("  ")}\n${table}`;
}

function voucherToJson(voucher: BookedVoucher): unknown {
  const { id: _, lines, ...rest } = voucher;
  return {
    ...rest,
    lines: lines.map((line) => ({
      account: line.account,
      [line.side]: formatMinor(line.amountMinor, voucher.currency),
      text: line.text,
      partner: line.partner,
      dimensions: line.dimensions,
    })),
  };
}
