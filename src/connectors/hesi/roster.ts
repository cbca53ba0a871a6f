import { textOf } from "../http/json.js";
import type { HesiClient } from "./client.js";
import { type ListCall, listRows, type Row } from "./list.js";
import { asking } from "./written.js";

/** What a list of master data holds, read once and kept up with what we write. */
export class Roster {
  private rows: Promise<Map<string, Row>> | null = null;

  /** `codeOf`: by what a row is found. `call` is asked for right before the list is read. */
  constructor(
    private readonly client: HesiClient,
    private readonly call: () => Promise<ListCall>,
    private readonly codeOf: (row: Row) => string | null,
  ) {}

  /** The rows with this code; those in use, where there are any. Throws ProblemError when the list cannot be read. */
  async find(code: string): Promise<readonly Row[]> {
    const all = [...(await this.load()).values()].filter((row) => this.codeOf(row) === code);
    const inUse = all.filter((row) => row.get("active") !== false);
    return inUse.length > 0 ? inUse : all;
  }

  async byId(id: string): Promise<Row | null> {
    return (await this.load()).get(id) ?? null;
  }

  async all(): Promise<readonly Row[]> {
    return [...(await this.load()).values()];
  }

  /** What was just written. */
  async note(row: Row): Promise<void> {
    (await this.load()).set(textOf(row.get("id")) ?? "", row);
  }

  /** Nobody knows what it holds any more; it is read again when it is needed. */
  forget(): void {
    this.rows = null;
  }

  private load(): Promise<Map<string, Row>> {
    if (this.rows === null) {
      this.rows = this.read();
      this.rows.catch(() => this.forget());
    }
    return this.rows;
  }

  private async read(): Promise<Map<string, Row>> {
    const rows = new Map<string, Row>();
    await asking(this.client, "a list", async () => {
      for await (const page of listRows(this.client, await this.call())) for (const row of page) rows.set(textOf(row.get("id")) ?? "", row);
    });
    return rows;
  }
}
