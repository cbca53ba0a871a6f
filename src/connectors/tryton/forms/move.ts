import { type Document, type Line, lineAmount } from "../../../model/document.js";
import { Unwritable } from "../../http/template.js";
import type { Catalog } from "../catalog.js";
import type { Row, TrytonClient } from "../client.js";
import { type HeldLine, heldLines, minorOf, sameDimensions } from "../held.js";
import type { TrytonTargetOptions } from "../target-options.js";
import { date, decimal, fieldOf, idOf, oneLine, type Plain, wordOf } from "../values.js";
import { Dimensions } from "./dimensions.js";
import { Calendar, type Form, type Held, type Hit, type Values, written } from "./form.js";

const MODEL = "account.move";
const USUAL_JOURNAL = "GEN";

/** 记账凭证. Our key is the description of the move; the text of a document goes to its lines. */
export function moveForm(client: TrytonClient, catalog: Catalog, options: TrytonTargetOptions): Form {
  const dimensions = new Dimensions(catalog, options.dimensions ?? {});
  const journalOf = ({ fields: { word } }: Document): string =>
    word === undefined || word === "" ? (options.journal ?? USUAL_JOURNAL) : (options.words?.[word] ?? word);

  const lineOf = async (line: Line, document: Document): Promise<Values> => {
    const account = catalog.account(line.account);
    if (account.needsParty && line.partner === null)
      throw new Unwritable(`the account \`${line.account}\` needs a party, and a line names none`);
    // Tryton finds this out only at posting, when a draft would be left behind.
    if (!account.needsParty && line.partner !== null)
      throw new Unwritable(`the account \`${line.account}\` takes no party, and a line names \`${line.partner}\``);
    const amount = decimal(lineAmount(line, document.currency));
    const sides = { debit: line.side === "debit" ? amount : decimal("0"), credit: line.side === "credit" ? amount : decimal("0") };
    const analytic = (await dimensions.of(line)).map((each) => ({ account: idOf(each.account), ...sides, date: date(document.date) }));
    return {
      account: idOf(account.id),
      ...sides,
      description: textOf(line, document),
      party: line.partner === null ? undefined : idOf(catalog.party(line.partner).id),
      analytic_lines: analytic.length === 0 ? undefined : [["create", analytic]],
    };
  };

  const valuesOf = async (document: Document, calendar: Calendar): Promise<Values> => {
    const company = await catalog.company();
    if (document.currency !== company.currency)
      throw new Unwritable(`its currency is ${document.currency}, and a move is kept in that of the company, ${company.currency}`);
    const journal = await catalog.journal(journalOf(document));
    const period = calendar.periodOf(document.date, journal);
    const lines: Plain[] = [];
    for (const line of document.lines) lines.push(await lineOf(line, document));
    return {
      company: idOf(company.id),
      journal: idOf(journal),
      period: idOf(period.id),
      date: date(document.date),
      lines: [["create", lines]],
    };
  };

  return {
    model: MODEL,
    type: "journal",
    keyField: "description",
    steps: ["draft", "post"],
    usualJournal: USUAL_JOURNAL,
    methods: { validate: "post", post: "post" },
    domain: [],
    fields: ["number", "post_number", "state"],
    parts: ["lines"],
    hitOf: (row): Hit => {
      const isPosted = wordOf(row.get("state")) === "posted";
      const id = wordOf(row.get("id"));
      const number = wordOf(row.get(isPosted ? "post_number" : "number"));
      return { id, key: wordOf(row.get("description")), reference: number || id, step: isPosted ? "post" : "draft", cancelledBy: null };
    },
    write: async (documents) => {
      const lines = documents.flatMap((document) => document.lines);
      await catalog.prepare(
        lines.map(({ account }) => account),
        lines.flatMap(({ partner }) => (partner === null ? [] : [partner])),
      );
      const calendar = await Calendar.of(catalog, documents.map(journalOf));
      return Promise.all(documents.map((document) => written(document, () => valuesOf(document, calendar))));
    },
    held: (all) => heldMoves(all, client, dimensions, journalOf),
  };
}

function textOf(line: Line, document: Document): string {
  return oneLine(line.text === "" ? document.text : line.text);
}

async function heldMoves(
  all: readonly Held[],
  client: TrytonClient,
  dimensions: Dimensions,
  journalOf: (document: Document) => string,
): Promise<ReadonlyMap<string, Document>> {
  const ids = all.map(({ hit }) => idOf(hit.id));
  if (ids.length === 0) return new Map();
  const moves = await client.query({ model: MODEL, domain: [["id", "in", ids]], fields: ["date", "journal.code"] });
  const fields = ["move", "account.code", "debit", "credit", "description", "party.code", "party.name"];
  const lines = await client.query({ model: "account.move.line", domain: [["move", "in", ids]], fields });
  // Plans are asked for only where one was posted to: the module may not be there.
  const hasPlans = all.some(({ posting }) =>
    posting.document.lines.some((line) => Object.values(line.dimensions).some((each) => each !== "")),
  );
  const analytic = !hasPlans
    ? []
    : await client.query({
        model: "analytic_account.line",
        domain: [["move_line.move", "in", ids]],
        fields: ["move_line", "account.code", "account.root.code", "account.root.name"],
      });
  const found = new Map<string, Document>();
  for (const { hit, posting } of all) {
    const posted = posting.document;
    const move = moves.find((row) => wordOf(row.get("id")) === hit.id);
    const rows = lines.filter((row) => wordOf(row.get("move")) === hit.id);
    const journal = wordOf(move === undefined ? null : fieldOf(move, "journal.code"));
    const held = rows.map((row) => heldLine(row, posted, planned(row, analytic, posted, dimensions)));
    found.set(hit.id, {
      ...posted,
      date: wordOf(move?.get("date")),
      ...(journal === journalOf(posted) ? {} : { fields: { ...posted.fields, word: journal } }),
      lines: heldLines(posted, held),
    });
  }
  return found;
}

function planned(line: Row, analytic: readonly Row[], posted: Document, dimensions: Dimensions): Readonly<Record<string, string>> {
  const own = analytic.filter((row) => wordOf(row.get("move_line")) === wordOf(line.get("id")));
  return Object.fromEntries(
    own.map((row) => {
      const root = { code: wordOf(fieldOf(row, "account.root.code")), name: wordOf(fieldOf(row, "account.root.name")) };
      return [dimensions.nameOf(root, posted.lines), wordOf(fieldOf(row, "account.code"))];
    }),
  );
}

function heldLine(row: Row, posted: Document, dimensions: Readonly<Record<string, string>>): HeldLine {
  const { currency } = posted;
  const [debit, credit] = [minorOf(wordOf(row.get("debit")), currency), minorOf(wordOf(row.get("credit")), currency)];
  const account = wordOf(fieldOf(row, "account.code"));
  const parties = [wordOf(fieldOf(row, "party.code")), wordOf(fieldOf(row, "party.name"))];
  const text = wordOf(row.get("description"));
  return {
    fits: (line) =>
      line.account === account &&
      (line.side === "debit" ? line.amountMinor : 0n) === debit &&
      (line.side === "credit" ? line.amountMinor : 0n) === credit &&
      textOf(line, posted) === text &&
      (line.partner === null ? parties[0] === "" : parties.includes(line.partner)) &&
      sameDimensions(line, dimensions),
    line: () => ({
      side: credit === 0n ? "debit" : "credit",
      amountMinor: credit === 0n ? debit : credit,
      account,
      text,
      partner: parties[0] || null,
      dimensions,
    }),
  };
}
