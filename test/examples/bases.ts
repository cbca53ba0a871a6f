import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { parse } from "yaml";
import { PipelineFile, SourceCommon } from "../../src/config/schema.js";
import type { Complete } from "./options.js";

/** The options around an example. */
export interface Base {
  readonly connection: Readonly<Record<string, unknown>>;
  readonly source?: Readonly<Record<string, unknown>>;
  readonly target?: Readonly<Record<string, unknown>>;
  /** What the target takes, where that is no voucher. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** Files that are there. */
  readonly files?: readonly { readonly name: string; readonly text: string | Buffer }[];
  /** Options that make sense only beside others; the first pattern that matches `ROLE OPTION` counts. */
  readonly companions?: readonly (readonly [RegExp, (options: Options) => Options])[];
}

const CHART = "code,name,type\n6602,费用,expense\n2241,应付,liability\n";
/** A certificate, its key and both together as PKCS#12, where OpenSSL is there to make them. */
function identity(): { readonly pem: string; readonly pfx: Buffer } | null {
  if (spawnSync("openssl", ["version"]).status !== 0) return null;
  const folder = mkdtempSync(join(tmpdir(), "sync-identity-"));
  try {
    const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=sync", "-days", "2");
    openssl("pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-out", "both.p12", "-passout", "pass:");
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    return { pem: `${read("cert.pem")}${read("key.pem")}`, pfx: read("both.p12") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const IDENTITY = identity();
/** Where any file does, one that is a certificate too. */
const THERE = [
  { name: "there/file.txt", text: IDENTITY?.pem ?? `${rootCertificates[0]}\n` },
  { name: "there/file.p12", text: IDENTITY?.pfx ?? "" },
];

const example = (path: string): Readonly<Record<string, unknown>> =>
  parse(readFileSync(new URL(`../../fixtures/connectors/${path}`, import.meta.url), "utf8")) as Readonly<Record<string, unknown>>;

/** What a shipped example says of its source or target, without the keys that every source or target has. */
function endOf(path: string, role: "source" | "target"): Readonly<Record<string, unknown>> {
  const common = Object.keys((role === "source" ? SourceCommon : PipelineFile.properties.target).properties);
  return Object.fromEntries(Object.entries(example(path)[role] as object).filter(([key]) => !common.includes(key)));
}

const SQL = "sql/example/expense-to-interface.yaml";
const server = { dialect: "postgresql", host: "127.0.0.1", port: 9, database: "erp", user: "sync", password: "p" };

const files = (pattern: string): Base => ({ connection: {}, source: { files: pattern }, files: THERE });

/** Of these only one can be given. */
const EXCLUSIVE = [
  ["basic", "bearer", "api_key", "oauth2", "token", "signature"],
  ["equals", "not_equals", "in", "exists"],
  ["header", "query", "body"],
  ["host_key", "known_hosts"],
  ["move", "mark"],
];

/** See `Complete`. */
export const complete: Complete = (option, key, mapping) => {
  const rivals = EXCLUSIVE.find((each) => each.includes(key) && key in mapping)?.filter((each) => each !== key) ?? [];
  const isCondition = /(^|\.)(when|done|draft|gone|absent|signed_out|more)(\[\])?\.\w+$/.test(option);
  const isApart = isCondition || /auth\.\w+$|api_key\.\w+$|send\.\w+$|sftp\.\w+$|archive\.\w+$/.test(option);
  const alone = isApart ? Object.fromEntries(Object.entries(mapping).filter(([name]) => !rivals.includes(name))) : mapping;
  if (option.endsWith("token.send.value")) return { header: "Authorization", value: mapping["value"] };
  const partner = PARTNERS.find(([where]) => where.test(option));
  if (partner !== undefined) return { ...partner[1], ...alone };
  if (!isCondition) return alone;
  if (key === "path" && !["equals", "not_equals", "in", "exists"].some((each) => each in alone)) return { ...alone, equals: "x" };
  return ["equals", "not_equals", "in", "exists"].includes(key) ? { path: "$.x", ...alone } : alone;
};

/** What an option needs beside it. */
const PARTNERS: readonly [RegExp, Options][] = [
  [/https\.(certificate|private_key)$/, { certificate: "c.pem", private_key: "k.pem" }],
  [/certificate\.(cert|key)$/, { cert: "c.pem", key: "k.pem" }],
  [/proxy\.(user|password)$/, { user: "u", password: "p" }],
  [/api_key\.value$/, { header: "X-Key" }],
  [/auth\.oauth2\.(?!refresh_token_file)/, { client_secret: "s" }],
];

type Options = Readonly<Record<string, unknown>>;

const asCsv = (options: Options): Options => {
  const { fill: _, ...others } = options;
  return { columns: [{ name: "日期", value: "$.date" }], ...others, layout: "csv" };
};
const asWorkbook = (options: Options): Options => ({
  ...options,
  layout: "kingdee galaxy",
  fill: { FAccountBookID: "001", FACCBOOKORGID: "100" },
});
const galaxy = readFileSync(new URL("../../fixtures/connectors/voucher-file/expected/kingdee-galaxy-vouchers.xlsx", import.meta.url));

const without = (options: Options, ...keys: string[]): Options =>
  Object.fromEntries(Object.entries(options).filter(([key]) => !keys.includes(key)));
const inside = (options: Options, key: string): Options => options[key] as Options;

const byCursor = (options: Options): Options => {
  const pages = { at: "$.next", ...without(inside(options, "pages"), "size", "total"), by: "cursor" };
  return { ...without(options, "since"), request: { path: "/claims", query: { cursor: "$.cursor" } }, pages };
};
const byNumber = (options: Options): Options => ({
  ...options,
  request: { path: "/claims", query: { start: "$.offset", count: "$.size", after: "$.since" } },
  since: { start: "0", format: "number" },
});
const listedBy =
  (path: string) =>
  (options: Options): Options => ({ ...options, list: { ...inside(options, "list"), path } });
const withSide = (options: Options): Options => {
  const read = inside(options, "read");
  const document = inside(read, "document");
  const side = { path: "$$.dc", debit: 1, credit: -1 };
  const lines = { amount: "$$.amount", side, ...without(inside(document, "lines"), "debit", "credit") };
  return { ...options, read: { ...read, document: { ...document, lines } } };
};

const HTTP: Base["companions"] = [
  [/^source (request|detail)\.soap\./, (options) => ({ ...options, answers: "xml" })],
  [/^source pages\.(more|pages|until)/, (options) => ({ ...options, pages: without(inside(options, "pages"), "total") })],
  [
    /^source pages(\.by|\.at|\.at\.header|\.first)?$/,
    (options) => {
      const { by, first, at } = (typeof options["pages"] === "string" ? {} : options["pages"]) as Options;
      return by === "cursor" || at !== undefined || typeof first === "string" ? byCursor(options) : options;
    },
  ],
  [
    /^source since\.(start|format)$/,
    (options) => {
      const { start, format } = inside(options, "since");
      return start === "0" || format === "number" ? byNumber(options) : options;
    },
  ],
  // The shipped example reads the state of steps of other names.
  [
    /^target steps/,
    ({ post, reverse, steps, lookup }) => {
      const names = (steps as readonly Options[]).map(({ name }) => name);
      const words = Object.fromEntries(["save", ...names].map((name, index) => [`S${index}`, name]));
      // A step says what its success looks like.
      const said = (steps as readonly Options[]).map((step) =>
        "done" in step || "reference" in step ? step : { ...step, done: { path: "$.status", equals: "B" } },
      );
      return { post, reverse, steps: said, lookup: { ...(lookup as Options), step: { path: "$$.status", words } } };
    },
  ],
  [/^target list\.next\.cursor$/, listedBy("/list?cursor={$.cursor}")],
  [/^target list\.next$/, listedBy("/list?cursor={$.cursor}&page={$.page}")],
  [/^target read\.document\.lines\.(amount|side)/, withSide],
];

/** For each connector a set of options that works, so that each example can be tried by itself. */
export const BASES: Readonly<Record<string, Base>> = {
  csv: {
    ...files("*.csv"),
    companions: [
      [/^source header$/, (options) => (options["header"] === "none" ? { ...options, columns_in_order: ["单据编号"] } : options)],
      [/^source columns_in_order$/, (options) => ({ ...options, header: "none" })],
    ],
  },
  json: files("*.json"),
  xlsx: files("*.xlsx"),
  xml: { ...files("*.xml"), source: { files: "*.xml", element: "item" } },
  fixed: { ...files("*.txt"), source: { files: "*.txt", places: [{ name: "单据编号", start: 1, length: 10 }] } },
  ledger: { connection: { file: "b.db", chart: "chart.csv" }, target: {}, files: [{ name: "there/file.txt", text: CHART }] },
  sql: {
    connection: server,
    source: endOf(SQL, "source"),
    target: endOf(SQL, "target"),
    files: THERE,
    companions: [
      [
        /^source query$/,
        (options) => (typeof options["query"] === "string" ? options : { query: options["query"], order_by: options["order_by"] }),
      ],
      [/^target rows$/, (options) => ({ ...options, header: without(inside(options, "header"), "reverses", "result") })],
      [/^connection file$/, () => ({ dialect: "sqlite", file: "there/file.txt" })],
    ],
  },
  "voucher-file": {
    connection: { folder: "there" },
    target: { layout: "yonyou u8", fill: { 制单人: "demo" } },
    files: [{ name: "there/file.txt", text: galaxy }],
    companions: [
      [/^target (columns|csv)/, asCsv],
      [/^target (sheet|dates|words|template)$/, asWorkbook],
    ],
  },
  http: {
    connection: { url: "http://127.0.0.1:9" },
    source: endOf("http/source/claims-to-books.yaml", "source"),
    target: endOf("http/steps/expense-to-erp.yaml", "target"),
    files: THERE,
    companions: HTTP,
  },
  kingdee: {
    connection: { url: "http://127.0.0.1:9/k3cloud/", account_set: "a", user: "u", password: "p", app_id: "1_A", app_secret: "s" },
    source: { stream: "departments" },
    target: { book: "001" },
    files: THERE,
  },
  hesi: {
    connection: { url: "http://127.0.0.1:9", app_key: "k", app_security: "s" },
    source: {},
    target: {},
    document: { type: "result", key: `$${"{单据编号}"}`, header: { source: `$${"{单据编号}"}` } },
    files: THERE,
    companions: [[/^source stream$/, (options) => ({ entity: "26d60b5d6dd47f435000", ...options })]],
  },
  tryton: {
    connection: { url: "http://127.0.0.1:9/erp", user: "u", password: "p", key: "k" },
    source: { stream: "parties" },
    target: {},
    files: THERE,
    companions: [
      [/^source model$/, (options) => without(options, "stream")],
      [/^target until$/, (options) => ({ ...options, model: options["until"] === "validate" ? "account.invoice" : "account.move" })],
    ],
  },
  singer: { connection: { command: ["tap"] }, source: { stream: "claims" }, files: THERE },
};
