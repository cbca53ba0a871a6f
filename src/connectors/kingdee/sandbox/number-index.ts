import type { Bill } from "./bill.js";

/** The bills of one form in memory, by id and by the number that users see. */
export class Index {
  readonly bills = new Map<number, Bill>();
  private readonly numbers = new Map<string, Set<number>>();

  constructor(private readonly numberField: string) {}

  withNumber(number: string): readonly Bill[] {
    return [...(this.numbers.get(number) ?? [])].flatMap((id) => this.bills.get(id) ?? []);
  }

  put(bill: Bill): void {
    this.forgetNumber(bill.id);
    this.bills.set(bill.id, bill);
    const number = this.numberOf(bill);
    const ids = this.numbers.get(number);
    if (ids === undefined) this.numbers.set(number, new Set([bill.id]));
    else ids.add(bill.id);
  }

  remove(id: number): void {
    this.forgetNumber(id);
    this.bills.delete(id);
  }

  private forgetNumber(id: number): void {
    const known = this.bills.get(id);
    if (known !== undefined) this.numbers.get(this.numberOf(known))?.delete(id);
  }

  private numberOf(bill: Bill): string {
    return String(bill.values[this.numberField] ?? "");
  }
}
