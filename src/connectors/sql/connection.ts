import { readFileSync } from "node:fs";
import { type ProblemCode, ProblemError, problem } from "../../model/problem.js";
import { durationMs } from "../files/duration.js";
import type { ConnectionSettings, Dialect } from "./dialect.js";
import { dialectNamed } from "./dialects/index.js";
import type { SqlConnection } from "./options.js";

export interface Connection {
  readonly dialect: Dialect;
  readonly settings: ConnectionSettings;
  /** What problems call the database. */
  readonly name: string;
}

/** Throws ProblemError when the options contradict each other. Nothing is opened. */
export function readConnection(options: SqlConnection, timeZone: string): Connection {
  const dialect = dialectNamed(options.dialect);
  const isFile = dialect.port === 0;
  const wanted = isFile ? (["file"] as const) : (["host", "database", "user", "password"] as const);
  const others = isFile ? (["host", "port", "database", "user", "password", "ca", "time_zone"] as const) : (["file"] as const);
  for (const key of wanted)
    if (options[key] === undefined) refuse("CONFIG_MISSING_KEY", `\`${options.dialect}\` needs \`${key}\``, `add \`${key}\``);
  for (const key of others)
    if (options[key] !== undefined) refuse("CONFIG_WRONG_VALUE", `\`${options.dialect}\` has no \`${key}\``, `remove \`${key}\``);
  if (options.insecure && options.ca !== undefined)
    refuse("CONFIG_WRONG_VALUE", "`ca` is given, and `insecure` turns TLS off", "remove one of them");
  const { file = "", host = "", port = dialect.port, database = "", user = "", password = "" } = options;
  const zone = options.time_zone ?? timeZone;
  if (!isTimeZone(zone))
    refuse("CONFIG_WRONG_VALUE", `there is no time zone \`${zone}\``, "names are those of the IANA database, such as `Asia/Shanghai`");
  return {
    dialect,
    name: isFile ? file : `${host}:${port}/${database}`,
    settings: {
      file,
      host,
      port,
      database,
      user,
      password,
      tls: options.insecure ? null : { ca: options.ca === undefined ? null : readAuthority(options.ca) },
      timeZone: zone,
      connectTimeoutMs: timeOf("connect_timeout", options.connect_timeout),
      timeoutMs: timeOf("timeout", options.timeout),
    },
  };
}

function timeOf(option: string, text: string): number {
  const ms = durationMs(text) ?? 0;
  // A longer time than this would overflow the timer, which then fires at once.
  if (ms < 1 || ms > 2 ** 31 - 1)
    refuse("CONFIG_WRONG_VALUE", `\`${option}\` is \`${text}\``, "expected a time such as `30s`, at most 596h");
  return ms;
}

function readAuthority(file: string): string {
  let pem = "";
  try {
    pem = readFileSync(file, "utf8");
  } catch (error) {
    refuse("CONFIG_MISSING_FILE", `\`${file}\` cannot be read: ${(error as NodeJS.ErrnoException).code}`, "let this user read it");
  }
  if (!pem.includes("-----BEGIN CERTIFICATE-----"))
    refuse("CONFIG_WRONG_VALUE", `\`${file}\` holds no certificate`, "expected a PEM file that has `-----BEGIN CERTIFICATE-----`");
  return pem;
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function refuse(code: ProblemCode, found: string, hint: string): never {
  throw new ProblemError(problem(code, `connection: ${found}`, [], hint));
}
