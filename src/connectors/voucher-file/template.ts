import { readFileSync, statSync } from "node:fs";
import { readXlsx } from "hucre/xlsx";
import { ProblemError, problem } from "../../model/problem.js";

/** A template holds two rows; anything larger is a filled file or something else. */
const MOST_BYTES = 8 * 1024 * 1024;
const FIRST_KEY = "FBillHead(GL_VOUCHER)";

export interface Template {
  readonly sheet: string;
  /** Row 1 and row 2. */
  readonly keys: readonly string[];
  readonly captions: readonly string[];
}

/** Reads the keys and captions of a downloaded import template. Throws ProblemError when it is none. */
export async function readTemplate(file: string): Promise<Template> {
  const refuse = (message: string, hint: string): never => {
    throw new ProblemError(problem("CONFIG_WRONG_VALUE", `\`template\`: ${message}`, { file }, hint));
  };
  const download = "download it again from the import dialog (引入) of your Kingdee Galaxy, as `.xlsx`";
  if (statSync(file).size > MOST_BYTES) refuse("the file is too large for a template", download);
  let sheets: readonly { readonly name: string; readonly rows: readonly (readonly unknown[])[] }[];
  try {
    ({ sheets } = await readXlsx(readFileSync(file)));
  } catch (error) {
    return refuse(`it cannot be read as a workbook: ${(error as Error).message}`, download);
  }
  const found = sheets.find(({ rows }) => textOf(rows[0]?.[0]) === FIRST_KEY);
  if (found === undefined) return refuse(`no sheet begins with \`${FIRST_KEY}\``, download);
  const keys = (found.rows[0] ?? []).map(textOf);
  while (keys.at(-1) === "") keys.pop();
  const twice = keys.find((key, at) => key !== "" && keys.indexOf(key) !== at);
  if (twice !== undefined) return refuse(`row 1 has \`${twice}\` twice`, download);
  return { sheet: found.name, keys, captions: keys.map((_, at) => textOf(found.rows[1]?.[at])) };
}

function textOf(cell: unknown): string {
  return typeof cell === "string" ? cell.trim() : "";
}
