import { dateTimeReader } from "../../model/date-formats.js";
import type { DateText } from "../../model/dates.js";
import type { Document } from "../../model/document.js";
import type { PostOutcome } from "../../model/posting.js";
import { ProblemError } from "../../model/problem.js";
import { isObject, type Json, textOf } from "../http/json.js";
import { type Path, parsePath, valueAt, valuesAt } from "../http/path.js";
import { PageFault } from "../http/source/fault.js";
import { type HesiClient, idsInPath } from "./client.js";
import { PAGE, type Row } from "./list.js";
import type { HesiTargetOptions } from "./target-options.js";
import { asking, type Failed, notYet, refused, rejected, unconfirmed, wordsOf, write } from "./written.js";

const VALUE = parsePath("$.value") as Path;
const ITEMS = parsePath("$.items[*]") as Path;
const VOUCHER = "/v2.1/flow/data/erpVoucher";
const PAYMENT = "/v1/paymentResults";
/** The stage of a document that is `paid` or `archived`, and of one that was deleted. */
const DONE = "完成";
const DELETED = "已删除";

/** The number stands there already. */
interface Holds {
  readonly kind: "exists";
  readonly reference: string;
}

/** One number in a call, in the system's own words; none is an empty `voucherNo`. */
interface VoucherBody {
  readonly flowId: string;
  readonly voucherNo: string;
  readonly voucherCreateTime: string;
  readonly fiscalPeriod?: string;
}

/** What the system holds of a document. */
interface HeldResult {
  readonly isArchived: boolean;
  /** Empty where it has none. */
  readonly number: string;
}

/**
 * What became of documents, told to the system they came from. The document is named by its id there (`source`). Writing a number that is there
 * already, or clearing one that is not, changes nothing: so nothing here has to be found out before it is written a second time.
 */
export class Results {
  private readonly readDay: (text: string) => string | null;
  /** Ids by number; null where there is no such document. */
  private readonly ids = new Map<string, string | null>();
  /** Ids of documents that were found to be archived, which they stay. */
  private readonly archived = new Set<string>();

  constructor(
    private readonly client: HesiClient,
    private readonly options: HesiTargetOptions,
  ) {
    this.readDay = dateTimeReader(["yyyy-MM-dd"], options.time_zone);
  }

  /** Voucher numbers or outcomes of payments, as the options say. One outcome per document, in order. */
  write(documents: readonly Document[]): Promise<readonly PostOutcome[]> {
    return this.named(documents, (found) => (this.options.results === "payment" ? this.payments(found) : this.vouchers(found)));
  }

  /** Takes a voucher number out again. */
  async clear(document: Document): Promise<PostOutcome> {
    return (await this.named([document], async ([found]) => [await this.clearFound(found as Document)]))[0] as PostOutcome;
  }

  /** Why a document would be refused now; null where nothing speaks against it. One call for a hundred of them. */
  async check(documents: readonly Document[]): Promise<readonly (Failed | null)[]> {
    const found = await this.named(documents, (named) => this.checkFound(named));
    return found.map((each) => (each !== null && "problem" in each ? each : null));
  }

  /** Whether the system holds what was written; null where it cannot tell. */
  async holds(document: Document, cleared: boolean): Promise<boolean | null> {
    const [held] = await this.named([document], async ([found]) => [await this.holdsFound(found as Document, cleared)]);
    return typeof held === "boolean" ? held : null;
  }

  /** Does the work for documents that are named by their ids from here on; one answer per document, in order. */
  private async named<T>(
    documents: readonly Document[],
    work: (found: readonly Document[]) => Promise<readonly T[]>,
  ): Promise<readonly (T | Failed)[]> {
    const located = this.options.source_is === "id" ? documents : await Promise.all(documents.map((document) => this.located(document)));
    const found = located.filter((each): each is Document => "fields" in each);
    const done = found.length === 0 ? [] : await work(found);
    return located.map((each) => ("fields" in each ? (done[found.indexOf(each)] as T) : each));
  }

  /** The document under its id. */
  private async located(document: Document): Promise<Document | Failed> {
    const { source = "" } = document.fields;
    if (!this.ids.has(source)) {
      const { isGone, records } = await asking(this.client, "the document", () =>
        this.client.ask(this.client.get("/v1.1/flowDetails/byCode", { code: source }), "$.value", { single: true, gone: true }),
      );
      const row = isGone ? null : (records[0] as Row);
      const found = row === null ? null : (textOf(row.get("id") ?? null) ?? null);
      this.ids.set(source, found);
      if (found !== null && isArchived(row as Row)) this.archived.add(found);
    }
    const id = this.ids.get(source) ?? null;
    if (id !== null) return { ...document, fields: { ...document.fields, source: id } };
    const hint = "`header.source` is the number of the document in Hesi; where it was deleted, drop this document here with a reason";
    return rejected(`there is no document with the number \`${source}\``, document.key, hint);
  }

  private async vouchers(documents: readonly Document[]): Promise<readonly PostOutcome[]> {
    const faults = await this.checkFound(documents);
    const open = documents.filter((_, at) => faults[at] === null);
    const written = await this.inCalls(open, (document) => this.voucherOf(document));
    return documents.map((document, at) => faults[at] ?? (written[open.indexOf(document)] as PostOutcome));
  }

  private async clearFound(document: Document): Promise<PostOutcome> {
    if (this.options.results === "payment")
      return rejected(
        "what was said about a payment cannot be taken back",
        document.key,
        "correct it in Hesi by hand, then drop this document here with a reason",
      );
    return (await this.inCalls([document], (each) => ({ ...this.voucherOf(each), voucherNo: "" })))[0] as PostOutcome;
  }

  /** Why a document would be refused now, or that it holds its number already and takes none any more; null where it is to be written. */
  private async checkFound(documents: readonly Document[]): Promise<readonly (Failed | Holds | null)[]> {
    if (this.options.results === "payment")
      return documents.map((document) => (this.codeOf(document) === null ? this.noStatus(document) : null));
    const stages = await this.stages(documents.filter(({ fields }) => numberOf(fields) !== "").map(({ fields }) => fields["source"] ?? ""));
    const looked = documents.map(async (document): Promise<Failed | Holds | null> => {
      const { key, fields } = document;
      const { source = "" } = fields;
      if (numberOf(fields) === "")
        return rejected("there is no voucher number to write", key, "map `header.number`, or leave the document out with `document.when`");
      if (this.archived.has(source)) return this.inArchive(document, numberOf(fields));
      if (stages === null) return null;
      const stage = stages.get(source);
      if (stage === undefined)
        return rejected(`there is no document with the id \`${source}\``, key, "`header.source` is the id of the document in Hesi");
      if (stage === DELETED) return rejected(`the document \`${source}\` was deleted there`, key, "drop this document here with a reason");
      return stage === DONE
        ? null
        : notYet(`a voucher number can be written when the document is paid, and it stands at \`${stage}\``, key);
    });
    return Promise.all(looked);
  }

  /** An archived document takes no number any more, and will not again: waiting for it would be in vain. */
  private async inArchive({ key, fields }: Document, number: string): Promise<Failed | Holds> {
    const { source = "" } = fields;
    const held = await this.heldOf(source);
    if (held?.number === number) return { kind: "exists", reference: source };
    return rejected(
      `the document \`${source}\` is archived (归档), and Hesi takes and gives back a voucher number only while it is paid`,
      key,
      "enter the number in Hesi by hand where it is needed there, then drop this document here with a reason",
    );
  }

  /** The states of documents may not tell archived ones from those that are paid; the document itself does. */
  private async refusedFor(document: Document, number: string, refusal: Failed): Promise<PostOutcome> {
    if (refusal.problem.code !== "TARGET_NOT_YET") return refusal;
    const { source = "" } = document.fields;
    try {
      return (await this.heldOf(source))?.isArchived === true ? await this.inArchive(document, number) : refusal;
    } catch (error) {
      // It was refused, whatever else can be found out.
      if (!(error instanceof ProblemError)) throw error;
      return refusal;
    }
  }

  private async holdsFound(document: Document, cleared: boolean): Promise<boolean | null> {
    if (this.options.results === "payment") return null;
    const number = (await this.heldOf(document.fields["source"] ?? ""))?.number ?? "";
    return cleared ? number === "" : number === numberOf(document.fields);
  }

  /** Null where it is gone. */
  private async heldOf(source: string): Promise<HeldResult | null> {
    const { isGone, records } = await asking(this.client, "the document", () =>
      this.client.ask(this.client.get("/v1.1/flowDetails", { flowId: source }), "$.value", { single: true, gone: true }),
    );
    if (isGone) return null;
    const row = records[0] as Row;
    if (isArchived(row)) this.archived.add(source);
    const form: Json = row.get("form") ?? null;
    return { isArchived: isArchived(row), number: form !== null && isObject(form) ? (textOf(form.get("voucherNo")) ?? "") : "" };
  }

  private voucherOf({ fields }: Document): VoucherBody {
    const { source = "", day = "", period = "" } = fields;
    return {
      flowId: source,
      voucherNo: numberOf(fields),
      voucherCreateTime: this.millisecondsOf(day),
      ...(period === "" ? {} : { fiscalPeriod: period }),
    };
  }

  /** The start of the day on the clock of the system, as the text that it takes. Without a day the system is told none. */
  private millisecondsOf(day: DateText): string {
    const moment = this.readDay(day);
    return moment === null ? "0" : String(Date.parse(moment));
  }

  /**
   * Whether one bad document rejects the whole call is not known, so each goes alone unless the options say otherwise, and a call that is refused
   * is made again with one document each.
   */
  private async inCalls(documents: readonly Document[], body: (document: Document) => VoucherBody): Promise<readonly PostOutcome[]> {
    const size = this.options.batch;
    const calls: Promise<readonly PostOutcome[]>[] = [];
    for (let from = 0; from < documents.length; from += size) calls.push(this.call(documents.slice(from, from + size), body));
    return (await Promise.all(calls)).flat();
  }

  private async call(documents: readonly Document[], body: (document: Document) => VoucherBody): Promise<readonly PostOutcome[]> {
    const call = this.client.write("PUT", VOUCHER, { voucher: documents.map(body) });
    const written = await write(this.client, call, documents[0]?.key ?? "");
    if (written.kind === "rejected" && documents.length > 1)
      return (await Promise.all(documents.map((document) => this.call([document], body)))).flat();
    const [alone] = documents;
    if (written.kind === "rejected" && alone !== undefined)
      return [await this.refusedFor(alone, body(alone).voucherNo, placed(written, alone))];
    return documents.map((document): PostOutcome => {
      if (written.kind !== "answered") return placed(written, document);
      if (valueAt(VALUE, written.reading) === true) return { kind: "created", reference: document.fields["source"] ?? "" };
      return unconfirmed(call, document.key, `its answer does not say \`true\`: ${wordsOf(this.client, written.reading)}`);
    });
  }

  /** By id of the document; one that does not exist is left out. Null where the system does not tell now: the write itself will. */
  private async stages(ids: readonly string[]): Promise<ReadonlyMap<string, string> | null> {
    const unique = [...new Set(ids)].filter((id) => id !== "");
    const stages = new Map<string, string>();
    for (let from = 0; from < unique.length; from += PAGE) {
      const call = this.client.get(`/v2/approveStates/${idsInPath(unique.slice(from, from + PAGE))}`);
      try {
        const { records } = await this.client.ask({ ...call, name: `GET ${this.client.name}/api/openapi/v2/approveStates` }, "$.items");
        for (const row of records.filter(isObject)) {
          const id = textOf(row.get("flowId")) ?? textOf(row.get("id")) ?? "";
          stages.set(id, stageOf(row));
          if (isArchived(row)) this.archived.add(id);
        }
      } catch (error) {
        if (!(error instanceof PageFault)) throw error;
        return null;
      }
    }
    return stages;
  }

  private async payments(documents: readonly Document[]): Promise<readonly PostOutcome[]> {
    const items = documents.map((document) => ({ document, code: this.codeOf(document) }));
    const open = items.filter(({ code }) => code !== null);
    if (open.length === 0) return documents.map((document) => this.noStatus(document));
    const body = {
      items: open.map(({ document: { fields }, code }) => ({
        id: fields["source"],
        code,
        errorMsg: code === "P00001" ? null : (fields["message"] ?? null),
      })),
    };
    const call = this.client.write("POST", PAYMENT, body);
    const written = await write(this.client, call, open[0]?.document.key ?? "");
    const answers =
      written.kind === "answered"
        ? new Map(
            valuesAt(ITEMS, written.reading)
              .filter(isObject)
              .map((row) => [textOf(row.get("id")) ?? "", row]),
          )
        : new Map<string, Row>();
    return items.map(({ document, code }): PostOutcome => {
      if (code === null) return this.noStatus(document);
      if (written.kind !== "answered") return placed(written, document);
      const answer = answers.get(document.fields["source"] ?? "");
      return answer === undefined
        ? unconfirmed(call, document.key, "its answer says nothing about this document")
        : this.paymentOutcome(answer, document, code);
    });
  }

  private paymentOutcome(answer: Row, { key, fields }: Document, told: "P00001" | "P00002"): PostOutcome {
    const code = textOf(answer.get("code")) ?? "";
    const reference = fields["source"] ?? "";
    if (code === "R00000") return { kind: "created", reference };
    // It was told before, by us or by somebody else: there is nothing left to say.
    if (code === "R00002") return { kind: "exists", reference };
    // It is not being paid, which is all that a failure says. To tell it later would stop the next try to pay.
    if (code === "R00003" && told === "P00002") return { kind: "exists", reference };
    const words = this.client.redaction.show(textOf(answer.get("errorMsg")) ?? "") || (CODES[code] ?? "");
    if (code === "R00003") return notYet(`the target refused it: ${code} ${words}`, key);
    return refused(`${code} ${words}`.trim(), key);
  }

  private codeOf({ fields }: Document): "P00001" | "P00002" | null {
    const { status = "" } = fields;
    const { paid, failed } = this.options.payment;
    return paid.includes(status) ? "P00001" : failed.includes(status) ? "P00002" : null;
  }

  private noStatus({ key, fields }: Document): Failed {
    const { paid, failed } = this.options.payment;
    const known = [...paid, ...failed].map((each) => `\`${each}\``).join(", ");
    return rejected(
      `the status \`${fields["status"] ?? ""}\` says neither that it was paid nor that the payment failed`,
      key,
      `expected one of ${known}; add yours under \`target.payment\`, or leave the document out with \`document.when\``,
    );
  }
}

/** What the codes mean, as the vendor's documentation has it. */
const CODES: Readonly<Record<string, string>> = {
  R00001: "单据不存在",
  R00003: "单据不在支付中",
  R00004: "单据支付渠道不正确",
  R00005: "支付结果代码错误",
  R00006: "无效的请求",
};

/** The vendor's pages have the name of a stage; a state is understood as well. */
function stageOf(row: Row): string {
  const state = textOf(row.get("state"));
  return state === "paid" || state === "archived" ? DONE : (textOf(row.get("stageName")) ?? state ?? "");
}

function isArchived(row: Row): boolean {
  return textOf(row.get("state")) === "archived";
}

function numberOf(fields: Document["fields"]): string {
  return fields["number"] ?? "";
}

/** The outcome of a call, as that of one of its documents. */
export function placed(outcome: Failed, { key }: Document): Failed {
  return { ...outcome, problem: { ...outcome.problem, at: [{ document: key }] } };
}
