import type { Dialect, DialectName } from "../dialect.js";
import { mysql } from "./mysql.js";
import { oracle } from "./oracle.js";
import { postgresql } from "./postgresql.js";
import { sqlite } from "./sqlite.js";
import { sqlserver } from "./sqlserver.js";

const dialects: Readonly<Record<DialectName, Dialect>> = { sqlite, postgresql, mysql, sqlserver, oracle };

export function dialectNamed(name: DialectName): Dialect {
  return dialects[name];
}
