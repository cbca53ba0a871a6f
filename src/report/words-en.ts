import { countText } from "./amounts.js";
import type { PageWords } from "./page-words.js";
import { ENGLISH_REASONS } from "./reasons-en.js";

const documents = (n: number): string => (n === 1 ? "1 document" : `${countText(n)} documents`);
const items = (n: number): string => (n === 1 ? "1 item" : `${countText(n)} items`);
const ticked = (names: readonly string[]): string[] => names.map((name) => `\`${name}\``);

function joined(names: readonly string[], last: string): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
}

/** `, together 1,200.00 GBP`, or nothing where no money is moved. */
const together = (money: string): string => (money === "" ? "" : `, together ${money}`);

export const ENGLISH: PageWords = {
  tag: "en",
  documents,
  items,
  list: (names) => joined(names, "and"),
  state: {
    plan: "Plan.",
    aboutPlan: "Nothing on this page has been booked yet. It shows what will be booked once the plan is applied.",
    preview: "Preview only.",
    aboutPreview:
      "Nothing on this page has been booked. This plan was not saved, so it cannot be approved; whoever made it can save one with `sync plan --out FILE`.",
  },
  head: {
    pipeline: "pipeline",
    target: "Booked into",
    targetIs: (connection, connector) => `\`${connection}\` (connector ${connector})`,
    project: "Project",
    environment: (project, environment) => `${project}, environment \`${environment}\``,
    made: "Made",
    madeBy: (by, host, run) => `by \`${by}\` on \`${host}\`, run ${run}`,
    id: "Plan number",
    hash: "Hash of the plan (SHA-256)",
    approval: "Approval",
    nobody: "nobody has to approve it; `sync apply` books it",
    needs: (names, needed) => {
      const who = joined(ticked(names), "or");
      if (needed === 2) return `two different people of ${joined(ticked(names), "and")} must approve it`;
      return needed === 1
        ? `must be approved by ${who}`
        : `must be approved by ${who}; by two of them where the amount is above the pipeline's limit`;
    },
  },
  contents: "On this page",
  summary: {
    title: "Summary",
    caption: "What becomes of the documents. Amounts are the totals people know a document by.",
    columns: { what: "What", number: "Documents", posted: "Amount booked", takenBack: "Amount taken back" },
    waiting: "Waiting, not in this plan",
    total: "In all",
    notBooked: (title) => `${title}, not booked`,
    moved: (money) =>
      `Money moved in either direction: \`${money}\`. Refunds, negative amounts and what is taken back are added here, not subtracted.`,
  },
  kinds: {
    create: {
      title: "New documents",
      short: "new",
      happens: (number, posted, _, target) =>
        `${number} that \`${target}\` does not have yet: booked for the first time${together(posted)}.`,
    },
    supplement: {
      title: "Additions to batches",
      short: "addition",
      happens: (number, posted) =>
        `${number} added to batches that were booked before${together(posted)}. The batches themselves stay as they are.`,
    },
    replace: {
      title: "Replaced documents",
      short: "replaced",
      happens: (number, posted, takenBack) =>
        `${number} that changed at the source after being booked: first the old version is reversed${together(takenBack)}, then the new one is booked${together(posted)}.`,
    },
    update: {
      title: "Corrected where they stand",
      short: "corrected",
      happens: (number) => `${number} that nobody has booked for good yet: overwritten with the new version, without a reversal.`,
    },
    finish: {
      title: "Drafts to finish",
      short: "finished",
      happens: (number, posted) => `${number} that got stuck as drafts: taken through the steps that are left${together(posted)}.`,
    },
    reverse: {
      title: "Reversed documents",
      short: "reversed",
      happens: (number, _, takenBack) =>
        `${number} that the source no longer wants: reversed with an opposite document${together(takenBack)}.`,
    },
    hold: {
      title: "Held documents",
      short: "held",
      happens: (number) => `Nothing is booked for ${number} held back; the reason stands with each, under "Held documents".`,
    },
  },
  will: {
    title: (mustBeApproved) => (mustBeApproved ? "What happens when it is approved" : "What happens when it is applied"),
    begin: (isSaved, mustBeApproved, target) =>
      isSaved && mustBeApproved
        ? `Once approved, and applied with \`sync apply\`, exactly this happens in \`${target}\`:`
        : `If this plan is applied, exactly this happens in \`${target}\`:`,
    nothing: "Nothing: this plan books nothing and takes nothing back.",
    waiting: (number) =>
      `Nothing is booked for ${number} waiting for somebody to put something right; the reasons stand under "What waits, and why".`,
    asked: (number, target) => `\`${target}\` was asked about ${number} and would take them as they are.`,
    notAsked: (number, target) =>
      `\`${target}\` was not asked beforehand whether it takes ${number}; only our own checks were made. What it refuses is not booked, and waits with the reason.`,
    readThere: (number, target) => `For ${number}, what stands under "before" was read in \`${target}\` when the plan was made.`,
    remembered: (number, target) =>
      `For ${number}, what stands under "before" is what we booked; nobody looked in \`${target}\` whether it still stands like that.`,
    otherwise:
      "What is no longer as it stands here when the plan is applied is left out and listed. Nothing that is not on this page is booked.",
    compare: (begin) =>
      `An approval counts for this plan only. Before you approve, compare: the hash that \`sync plan --from FILE\` shows of the file must begin with \`${begin}\`.`,
  },
  approvals: {
    title: "Approvals in the file",
    about: "Whether they count is checked when the plan is applied.",
    one: (by, at, isSigned) => `\`${by}\`, ${at}, ${isSigned ? "signed with a key" : "not signed"}`,
  },
  before: {
    title: "Compared with the run before",
    caption: "A number that is far from usual is worth a question.",
    none: "Nothing was booked by this pipeline before.",
    what: "Documents",
    here: "This plan",
    run: (run, at) => `Run ${run}, ${at}`,
    rows: { posted: "New or finished", replaced: "Replaced or corrected", reversed: "Reversed" },
  },
  amounts: {
    title: "Amounts",
    about:
      "What this plan changes in the books. What is taken back counts with the opposite sign, so a negative amount lowers what was booked.",
    account: "Account",
    perAccount: "Per account",
    period: "Period",
    perPeriod: "Per period",
    per: (name) => `Per ${name}`,
    caption: (currency) => `Amounts in ${currency}`,
    largest: (shown, all) => `the ${shown} largest of ${countText(all)}`,
    all: (n) => `All ${countText(n)}, in order`,
    others: (n) => (n === 1 ? "1 other" : `${countText(n)} others`),
    debit: "Debit",
    credit: "Credit",
    legend: "The thin line is zero; what is taken back lies left of it.",
    total: "Total",
    dimensionNote: "Lines without such a value are not counted here, so debits and credits need not be equal.",
  },
  filter: {
    title: "Find documents",
    search: "Find",
    searchHint: "number, name, amount …",
    account: "Account",
    allAccounts: "all",
    kind: "Show",
    waiting: "Waiting",
    open: "Open all",
    close: "Close all",
    reset: "Show everything",
    found: "{shown} of {all} shown",
  },
  waiting: {
    title: "What waits, and why",
    about: (mustBeApproved) =>
      `These are not in the plan. Each is tried again with every run and is booked${mustBeApproved ? ", after another approval," : ""} once its cause is gone.`,
    record: "row",
    since: (at) => `waits since ${at}`,
    forIt: "For IT:",
    said: (message) => message,
    place: (file, line, field) =>
      [file === null ? "" : `${file}${line === null ? "" : `, line ${line}`}`, field === null ? "" : `column ${field}`]
        .filter((part) => part !== "")
        .join(", "),
  },
  reasons: ENGLISH_REASONS,
  otherReason: { title: "It cannot be booked", help: "The program's own message stands with each." },
  documentsPart: {
    title: "Documents",
    about: "Open a document to see its lines. Where it replaces another, what was and what is to be stand side by side.",
    nothing: "There are none in this plan.",
  },
  document: {
    lines: "Lines",
    line: "Account and text",
    amount: "Amount",
    change: "Change",
    head: "What changes in its head",
    field: "Field",
    before: "Before",
    after: "After",
    empty: "(empty)",
    was: "was",
    now: "now",
    is: { unchanged: "as before", changed: "changed", added: "new", removed: "gone" },
    fields: { date: "Date", currency: "Currency", text: "Text", attachments: "Papers attached" },
    partner: "partner",
    attachments: (n) => (n === 1 ? "1 paper attached" : `${n} papers attached`),
    unknownContent: "What was booked is not known: it was recovered from a target that does not tell.",
    postedAs: (reference, at) => `booked as \`${reference}\`, ${at}`,
    seenTarget: '"before" was read in the target',
    seenStore: '"before" is what we booked; nobody looked',
    gone: (reference) => (reference === null ? "no longer in the target" : `no longer in the target, cancelled there by \`${reference}\``),
    step: (step) => `a draft that got as far as \`${step}\``,
    checkedTarget: "checked by the target",
    checkedUs: "checked by us only",
    why: "Held:",
    types: {
      payable: "payable",
      expense_claim: "expense claim",
      payment: "payment",
      asset: "asset card",
      budget_usage: "budget usage",
      entity: "master data",
      result: "result",
    },
  },
  foot: (program) => `Made by \`sync ${program}\`. This file is complete in itself and loads nothing from anywhere.`,
  sheets: {
    summary: "Summary",
    documents: "Documents",
    waiting: "Waiting",
    version: "Version",
    versions: { posted: "booked", takenBack: "taken back", held: "held, not booked" },
    key: "Document",
    currency: "Currency",
    documentText: "Text",
    lineText: "Line text",
    further: "Further values",
    reference: "Booked before as",
    reason: "Reason",
    found: "What was found",
    place: "Where",
    since: "Since",
    kind: "Change",
    date: "Date",
  },
};
