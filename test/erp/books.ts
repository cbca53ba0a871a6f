import { type Draft, isObject, minor, readDraft, type Status, show, sum, type Voucher } from "./voucher.js";

/** What the ERP knows of accounts and periods, and whether it looks for duplicates. */
export interface BookRules {
  /** Known accounts; any when null. */
  accounts: readonly string[] | null;
  /** Last closed month, YYYY-MM; none when null. */
  closedThrough: string | null;
  /** Refuses a second voucher with one external number. */
  refusesDuplicates: boolean;
  /** A voucher is saved, submitted and audited, each with a call of its own, and is in the books only then. */
  inSteps: boolean;
}

/** HTTP status and body, as the ERP answers. Refusals by business rule come with HTTP 200, as in many real systems. */
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What became of a draft; what is booked is told apart. */
export type DraftEvent = "saved" | "submitted" | "changed" | "deleted";

export interface Witness {
  readonly booked: (voucher: Voucher) => void;
  readonly draft: (what: DraftEvent, voucher: Voucher) => void;
  readonly edited: (voucher: Voucher) => void;
}

/** Something a person does in the ERP's own screens. */
export type ByHand =
  | { readonly do: "audit" | "delete" | "cancel"; readonly number: string }
  /** `by` is added to the first line and to the last, so that the voucher still balances. */
  | { readonly do: "change amount"; readonly number: string; readonly by: string };

/** Books of an ERP that, unless told to, does not mind booking one external number twice. */
export class ErpBooks {
  private readonly all = new Map<string, Voucher>();
  private readonly byExternalNo = new Map<string, readonly string[]>();
  /** Numbers of deleted drafts are not given again. */
  private given = 0;

  constructor(
    readonly rules: BookRules,
    private readonly witness: Witness,
    private readonly now: () => number,
  ) {}

  /** In the order in which they were made. */
  get vouchers(): readonly Voucher[] {
    return [...this.all.values()];
  }

  get(number: string): Voucher | undefined {
    return this.all.get(number);
  }

  post(body: unknown): Reply {
    const draft = readDraft(body);
    if (typeof draft === "string") return refusal(400, "BAD_BODY", draft);
    const wrong = this.duplicate(draft, null) ?? this.contentFault(draft) ?? (this.rules.inSteps ? null : this.periodFault(draft.date));
    return wrong ?? accepted(this.add(draft, null, this.rules.inSteps ? "saved" : "audited"));
  }

  submit(number: string): Reply {
    const voucher = this.all.get(number);
    if (voucher === undefined) return noVoucher(number);
    if (voucher.status !== "saved") return refusal(200, "SUBMITTED", `单据已提交: ${number}`);
    const submitted = this.put({ ...voucher, status: "submitted" });
    this.witness.draft("submitted", submitted);
    return accepted(submitted);
  }

  audit(number: string): Reply {
    const voucher = this.all.get(number);
    if (voucher === undefined) return noVoucher(number);
    if (voucher.status === "audited") return refusal(200, "AUDITED", `单据已审核: ${number}`);
    if (voucher.status === "saved") return refusal(200, "NOT_SUBMITTED", `单据未提交: ${number}`);
    const wrong = this.periodFault(voucher.date);
    if (wrong !== null) return wrong;
    const audited = this.put({ ...voucher, status: "audited" });
    this.witness.booked(audited);
    return accepted(audited);
  }

  /** Gives a draft other content; it has to be submitted again. */
  change(number: string, body: unknown): Reply {
    const voucher = this.all.get(number);
    if (voucher === undefined) return noVoucher(number);
    if (voucher.status === "audited") return refusal(200, "AUDITED", `单据已审核，不能修改: ${number}`);
    const draft = readDraft(body);
    if (typeof draft === "string") return refusal(400, "BAD_BODY", draft);
    const wrong = this.duplicate(draft, number) ?? this.contentFault(draft);
    if (wrong !== null) return wrong;
    this.forget(voucher);
    const changed = this.put({ ...voucher, ...draft, status: "saved" });
    this.index(changed);
    this.witness.draft("changed", changed);
    return accepted(changed);
  }

  remove(number: string): Reply {
    const voucher = this.all.get(number);
    if (voucher === undefined) return noVoucher(number);
    if (voucher.status === "audited") return refusal(200, "AUDITED", `单据已审核，不能删除: ${number}`);
    this.forget(voucher);
    this.all.delete(number);
    this.witness.draft("deleted", voucher);
    return { status: 200, body: { success: true, deleted: number } };
  }

  /** Cancels one voucher with a red one; a second time it refuses, as ERPs do, duplicate detection or not. */
  reverse(number: string, body: unknown): Reply {
    const original = this.all.get(number);
    const externalNo = isObject(body) ? body["externalNo"] : undefined;
    if (typeof externalNo !== "string" || externalNo === "") return refusal(400, "BAD_BODY", "externalNo 必填");
    if (original === undefined) return noVoucher(number);
    if (original.status !== "audited") return refusal(200, "NOT_AUDITED", `单据未审核，不能冲销: ${number}`);
    if (original.reversedBy !== null) return refusal(200, "REVERSED", `凭证已冲销: ${number} -> ${original.reversedBy}`);
    const date = isObject(body) && typeof body["date"] === "string" ? body["date"] : original.date;
    return this.periodFault(date) ?? accepted(this.cancel(original, externalNo, date));
  }

  find(externalNo: string): readonly Voucher[] {
    return (this.byExternalNo.get(externalNo) ?? []).map((number) => this.all.get(number) as Voucher);
  }

  read(number: string): Reply {
    const voucher = this.all.get(number);
    return voucher === undefined ? noVoucher(number) : { status: 200, body: { success: true, voucher: shown(voucher) } };
  }

  latest(prefix: string): Voucher | null {
    return this.vouchers.findLast((voucher) => voucher.externalNo.startsWith(prefix)) ?? null;
  }

  byHand(deed: ByHand): Reply {
    const voucher = this.all.get(deed.number);
    if (voucher === undefined) return noVoucher(deed.number);
    switch (deed.do) {
      case "audit":
        if (voucher.status === "saved") this.submit(deed.number);
        return this.audit(deed.number);
      case "delete":
        return this.remove(deed.number);
      case "cancel":
        return accepted(this.cancel(voucher, "", voucher.date));
      case "change amount": {
        const last = voucher.lines.length - 1;
        const add = (amount: string): string => show(minor(amount) + minor(deed.by));
        const lines = voucher.lines.map((line, at) => (at === 0 || at === last ? { ...line, amount: add(line.amount) } : line));
        const edited = this.put({ ...voucher, lines });
        this.witness.edited(edited);
        return accepted(edited);
      }
    }
  }

  private cancel(original: Voucher, externalNo: string, date: string): Voucher {
    const lines = original.lines.map((line) => ({ ...line, amount: show(-minor(line.amount)) }));
    const text = `冲销 ${original.number} ${original.text}`;
    const red = this.add({ externalNo, date, text, remark: original.remark, lines }, original.number, "audited");
    this.put({ ...original, reversedBy: red.number });
    return red;
  }

  private duplicate({ externalNo }: Draft, own: string | null): Reply | null {
    const twin = this.find(externalNo).find(({ number }) => number !== own);
    if (!this.rules.refusesDuplicates || twin === undefined) return null;
    const body = { success: false, errorCode: "DUPLICATE", errorMessage: `单据已存在: ${twin.number}`, number: twin.number };
    return { status: 409, body };
  }

  private contentFault(draft: Draft): Reply | null {
    const debit = sum(draft.lines, "debit");
    const credit = sum(draft.lines, "credit");
    if (debit !== credit) return refusal(200, "UNBALANCED", `借贷不平: 借 ${show(debit)} 贷 ${show(credit)}`);
    const { accounts } = this.rules;
    const unknown = accounts === null ? undefined : draft.lines.find((line) => !accounts.includes(line.account));
    return unknown === undefined ? null : refusal(200, "ACCOUNT", `科目不存在: ${unknown.account}`);
  }

  private periodFault(date: string): Reply | null {
    const { closedThrough } = this.rules;
    const period = date.slice(0, 7);
    return closedThrough !== null && period <= closedThrough ? refusal(200, "PERIOD_CLOSED", `会计期间已结账: ${period}`) : null;
  }

  private add(draft: Draft, reverses: string | null, status: Status): Voucher {
    this.given += 1;
    const number = `记-${String(this.given).padStart(6, "0")}`;
    const voucher = this.put({ number, ...draft, status, reverses, reversedBy: null, bookedAt: this.now() });
    this.index(voucher);
    if (status === "audited") this.witness.booked(voucher);
    else this.witness.draft("saved", voucher);
    return voucher;
  }

  private put(voucher: Voucher): Voucher {
    this.all.set(voucher.number, voucher);
    return voucher;
  }

  private index({ externalNo, number }: Voucher): void {
    this.byExternalNo.set(externalNo, [...(this.byExternalNo.get(externalNo) ?? []), number]);
  }

  private forget({ externalNo, number }: Voucher): void {
    this.byExternalNo.set(
      externalNo,
      (this.byExternalNo.get(externalNo) ?? []).filter((each) => each !== number),
    );
  }
}

export function refusal(status: number, errorCode: string, errorMessage: string): Reply {
  return { status, body: { success: false, errorCode, errorMessage } };
}

/** The ERP's own words for how far a voucher is. */
const WORDS: Readonly<Record<Status, string>> = { saved: "A", submitted: "B", audited: "C" };

/** A voucher as clients see it: amounts in two columns, zero on the other side. */
export function shown({ lines, status, ...voucher }: Voucher): Record<string, unknown> {
  const columns = lines.map(({ account, side, amount, text = "" }) => ({
    account,
    text,
    side,
    amount,
    debit: side === "debit" ? amount : "0.00",
    credit: side === "credit" ? amount : "0.00",
  }));
  return { ...voucher, status: WORDS[status], lines: columns };
}

function accepted({ number, externalNo, status }: Voucher): Reply {
  return { status: 200, body: { success: true, number, externalNo, status: WORDS[status] } };
}

function noVoucher(number: string): Reply {
  return refusal(404, "NO_VOUCHER", `凭证不存在: ${number}`);
}
