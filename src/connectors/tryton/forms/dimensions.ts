import type { Line } from "../../../model/document.js";
import type { Catalog } from "../catalog.js";

/** Our dimensions as analytic plans: each name leads to a root, each value to an account under it. */
export class Dimensions {
  constructor(
    private readonly catalog: Catalog,
    private readonly names: Readonly<Record<string, string>>,
  ) {}

  /** Ids of root and account for each dimension of a line that has a value. Throws Unwritable where there is none. */
  async of(line: Line): Promise<readonly { readonly root: string; readonly account: string }[]> {
    const found: { readonly root: string; readonly account: string }[] = [];
    for (const [name, code] of Object.entries(line.dimensions)) {
      if (code === "") continue;
      const root = await this.catalog.root(this.names[name] ?? name);
      found.push({ root, account: await this.catalog.analyticAccount(root, code) });
    }
    return found;
  }

  /** The name of the dimension that leads to a plan: one that the lines have, else the plan's code. */
  nameOf(root: { readonly code: string; readonly name: string }, lines: readonly Line[]): string {
    const used = new Set(lines.flatMap(({ dimensions }) => Object.keys(dimensions)));
    const leads = (name: string): boolean => [root.code, root.name].includes(this.names[name] ?? name);
    return [...used, ...Object.keys(this.names)].find(leads) ?? root.code;
  }
}
