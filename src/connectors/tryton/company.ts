import { ProblemError, problem } from "../../model/problem.js";
import { isObject, type Json } from "../http/json.js";
import { QueryFault, type TrytonClient } from "./client.js";
import { fieldOf, wordOf } from "./values.js";

export interface Company {
  readonly id: string;
  /** ISO code and id of the currency that its books are kept in. */
  readonly currency: string;
  readonly currencyId: string;
}

/** The company that everything is about, found when it is first needed. */
export class CompanyOf {
  private known: Promise<Company> | null = null;

  constructor(
    private readonly client: TrytonClient,
    /** Its code or name; null for the one that the user has chosen. */
    private readonly wanted: string | null,
  ) {}

  /** Throws QueryFault, and ProblemError where there is no such company. */
  get(): Promise<Company> {
    this.known ??= this.find().catch((error: unknown) => {
      this.known = null;
      throw error;
    });
    return this.known;
  }

  private async find(): Promise<Company> {
    const { client, wanted } = this;
    const chosen = wanted === null ? await this.chosen() : null;
    const rows = await client.query({
      model: "company.company",
      domain: chosen === null ? [] : [["id", "=", Number(chosen)]],
      fields: ["party.code", "party.name", "currency.code"],
    });
    const fitting = rows.filter(
      (row) => wanted === null || ["party.code", "party.name"].some((field) => wordOf(fieldOf(row, field)) === wanted),
    );
    const [row] = fitting;
    if (row === undefined || fitting.length > 1) throw this.unclear(rows.map((each) => wordOf(fieldOf(each, "party.name"))));
    const company = {
      id: wordOf(row.get("id")),
      currency: wordOf(fieldOf(row, "currency.code")),
      currencyId: wordOf(fieldOf(row, "currency.id")),
    };
    client.enter(company.id);
    return company;
  }

  private async chosen(): Promise<string | null> {
    const preferences = await this.client.ask("model.res.user.get_preferences", [true]);
    if (preferences === null || !isObject(preferences))
      throw new QueryFault(`the preferences of the user at ${this.client.host} are none`, "check `url` of the connection", false);
    const id: Json | undefined = preferences.get("company");
    return id === undefined || id === null ? null : wordOf(id);
  }

  private unclear(names: readonly string[]): ProblemError {
    const { client, wanted } = this;
    const there =
      names.length === 0
        ? "none"
        : names
            .slice(0, 5)
            .map((name) => `\`${client.redaction.show(name)}\``)
            .join(", ");
    const found = wanted === null ? "does not say which company it is about" : `has no company \`${wanted}\`, or several`;
    const hint = `name one under \`company\` of the connection; the user sees ${there}`;
    return new ProblemError(problem("TARGET_UNAVAILABLE", `${client.host} ${found}`, [], hint));
  }
}
