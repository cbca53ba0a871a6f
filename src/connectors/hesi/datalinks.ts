import type { PostOutcome } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import { textOf } from "../http/json.js";
import { type Path, parsePath, valueAt, valuesAt } from "../http/path.js";
import type { HesiClient } from "./client.js";
import { differencesIn, type EntityKind, isActive, type Wanted } from "./entity.js";
import { PAGE, type Row } from "./list.js";
import { Roster } from "./roster.js";
import { refused, rejected, unconfirmed, wordsOf, write } from "./written.js";

const ADD = "/v2.1/datalink/add";
const SUCCESS = parsePath("$.value.success") as Path;
const LINES = parsePath("$.value.errorMsg[*]") as Path;
const IDS = parsePath("$.value.dataLinkIds") as Path;

/** Rows of one business object (业务对象). The system itself writes over a row with the same code, and makes it where there is none. */
export class Datalinks implements EntityKind {
  readonly roster: Roster;
  private readonly prefix: string;

  constructor(
    private readonly client: HesiClient,
    private readonly entity: string | undefined,
  ) {
    this.prefix = `E_${entity ?? ""}_`;
    this.roster = new Roster(
      client,
      async () => ({ path: "/v2.1/datalink", query: { entityId: this.entityId() } }),
      (row) => textOf(row.get("code")),
    );
  }

  async write(wanted: readonly Wanted[]): Promise<readonly PostOutcome[]> {
    const outcomes = new Map<Wanted, PostOutcome>();
    const open: Wanted[] = [];
    for (const each of wanted) {
      if (each.parent !== null)
        outcomes.set(
          each,
          rejected("a row of a business object has no `parent`", each.key, "leave it out, or write it as a value of its own"),
        );
      else if (await this.holds(each)) outcomes.set(each, { kind: "exists", reference: each.code });
      else open.push(each);
    }
    for (let from = 0; from < open.length; from += PAGE) {
      const part = open.slice(from, from + PAGE);
      const written = await this.add(part);
      for (const [at, each] of part.entries()) outcomes.set(each, written[at] as PostOutcome);
    }
    // Ids and times of new rows are the system's own; whoever looks again reads the list anew.
    if (open.length > 0) this.roster.forget();
    return wanted.map((each) => outcomes.get(each) as PostOutcome);
  }

  async holds(wanted: Wanted): Promise<boolean> {
    const [row] = await this.roster.find(wanted.code);
    if (row === undefined) return wanted.disabled;
    return isActive(row) !== wanted.disabled && (wanted.disabled || this.isSame(row, wanted));
  }

  /** The vendor's pages have the values under `form`; where they stand under `data`, as they are written, they are found too. */
  private isSame(row: Row, { name, more }: Wanted): boolean {
    const values = row.get("form") ?? row.get("data");
    return differencesIn(values, { ...more, name }, this.prefix).length === 0;
  }

  /**
   * HTTP 200 says nothing here: each line of the answer tells of one row. What came through with the others when one of them is refused is not known,
   * so those are written once more, each alone, which changes nothing where it did.
   */
  private async add(wanted: readonly Wanted[]): Promise<readonly PostOutcome[]> {
    const call = this.client.write(
      "POST",
      ADD,
      { entityId: this.entityId(), dataLinks: wanted.map((each) => this.rowOf(each)) },
      { editFlag: "increment" },
    );
    const [first] = wanted;
    const written = await write(this.client, call, first?.key ?? "");
    const isRefused = written.kind === "rejected" || (written.kind === "answered" && !this.isDone(written.reading, wanted));
    if (isRefused && wanted.length > 1) return (await this.eachAlone(wanted)).flat();
    return wanted.map(({ key, code }): PostOutcome => {
      if (written.kind !== "answered") return { ...written, problem: { ...written.problem, at: [{ document: key }] } };
      if (!isRefused) return { kind: "created", reference: code };
      const words = valuesAt(LINES, written.reading)
        .flatMap((line) => textOf(line) ?? [])
        .join("; ");
      if (words !== "") return refused(this.client.redaction.show(words), key);
      return unconfirmed(call, key, `its answer does not say that it was done: ${wordsOf(this.client, written.reading)}`);
    });
  }

  private async eachAlone(wanted: readonly Wanted[]): Promise<(readonly PostOutcome[])[]> {
    const outcomes: (readonly PostOutcome[])[] = [];
    for (const each of wanted) outcomes.push(await this.add([each]));
    return outcomes;
  }

  private isDone(reading: Parameters<typeof wordsOf>[1], wanted: readonly Wanted[]): boolean {
    const ids = valueAt(IDS, reading);
    const has = (code: string): boolean => ids instanceof Map && (textOf(ids.get(code)) ?? "") !== "";
    return valueAt(SUCCESS, reading) === true && wanted.every(({ code }) => has(code));
  }

  /** Whether a row is disabled is always said: left out, it would become disabled. */
  private rowOf({ code, name, disabled, more }: Wanted): unknown {
    const data = Object.fromEntries(Object.entries({ code, name, ...more }).map(([field, value]) => [`${this.prefix}${field}`, value]));
    return { disabled, data };
  }

  private entityId(): string {
    if (this.entity !== undefined) return this.entity;
    throw new ProblemError(
      problem(
        "CONFIG_MISSING_KEY",
        "the target has no `entity`, and entities of the kind `datalink` need one",
        [],
        "give the id of the business object; nothing was sent",
      ),
    );
  }
}
