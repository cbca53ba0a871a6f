import type { SandboxState } from "../../sandbox/contract.js";
import type { Bill } from "./bill.js";
import type { Forms } from "./forms/index.js";
import { Index } from "./number-index.js";

const FIRST_ID = 100_000;
const COUNTERS = "counters";

/**
 * What the system keeps, form by form. Reads come from memory, writes go through to the state at once. When the
 * state takes a call back, `forget` must be called, so that memory never knows more than the state.
 */
export class Books {
  private readonly loaded = new Map<string, Index>();

  constructor(
    private readonly state: SandboxState,
    readonly forms: Forms,
  ) {
    // Each collection is there from the start: one that is first made inside a call would go again with that call.
    for (const { id } of forms.all()) state.collection<Bill>(id);
    state.collection<number>(COUNTERS);
  }

  /** In the order in which they came to be. */
  all(form: string): Iterable<Bill> {
    return this.index(form).bills.values();
  }

  get(form: string, id: number): Bill | undefined {
    return this.index(form).bills.get(id);
  }

  /** Several where the system does not keep numbers apart: vouchers of different periods, base data of different organisations. */
  byNumber(form: string, number: string): readonly Bill[] {
    return this.index(form).withNumber(number);
  }

  put(form: string, bill: Bill): void {
    this.index(form).put(bill);
    this.state.collection<Bill>(form).put(String(bill.id), bill);
  }

  remove(form: string, id: number): void {
    this.index(form).remove(id);
    this.state.collection<Bill>(form).delete(String(id));
  }

  nextId(): number {
    return FIRST_ID + this.state.next("id");
  }

  /** The next number of a series. A number once given is never given again. */
  next(series: string): number {
    const value = this.last(series) + 1;
    this.state.collection<number>(COUNTERS).put(series, value);
    return value;
  }

  /** A number that a client chose: the series goes on after it. */
  pass(series: string, value: number): void {
    if (value > this.last(series)) this.state.collection<number>(COUNTERS).put(series, value);
  }

  /** The state took back what it was told: memory is read anew. */
  forget(): void {
    this.loaded.clear();
  }

  private last(series: string): number {
    return this.state.collection<number>(COUNTERS).get(series) ?? 0;
  }

  private index(form: string): Index {
    const known = this.loaded.get(form);
    if (known !== undefined) return known;
    const index = new Index(this.forms.must(form).form.number);
    const bills = [...this.state.collection<Bill>(form).all()].sort((left, right) => left.id - right.id);
    for (const bill of bills) index.put(bill);
    this.loaded.set(form, index);
    return index;
  }
}
