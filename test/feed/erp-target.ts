import { readFileSync } from "node:fs";

export interface ErpTargetOptions {
  readonly url: string;
  /** As in the pipeline file, such as `2s`; a little longer than the ERP's lateness. */
  readonly quiet: string;
  readonly concurrency?: number;
  readonly timeout?: string;
  /** Whether the pipeline is told how to ask for what was posted last. */
  readonly latest?: boolean;
  /** Most documents in one call; one by one when left out. */
  readonly batch?: number;
  readonly deduplicates?: boolean;
  readonly signIn?: { readonly client: string; readonly secret: string };
}

/** How a pipeline posts into the faulty ERP: the YAML of the connection and of the target. */
export function erpTarget({
  url,
  quiet,
  concurrency = 4,
  timeout = "2s",
  latest = true,
  deduplicates = false,
  batch,
  signIn,
}: ErpTargetOptions): [string, string] {
  const connection = `    connector: http
    url: ${url}
    timeout: ${timeout}
    concurrency: ${concurrency}
${signIn === undefined ? "" : `    auth: { oauth2: { token_url: "${url}/oauth/token", client_id: ${signIn.client}, client_secret: ${signIn.secret}, send_in: body } }\n`}`;
  const target = `  connection: books
  post:
    path: ${batch === undefined ? "/vouchers" : "/batch"}
    body:
      externalNo: $.idempotencyKey
      date: $.date
      text: $.text
      lines:
        $each: $.lines
        $item: { account: $$.account, debit: $$.debit, credit: $$.credit, text: $$.text }
    reference: $.number
    rejected: { when: { path: $.success, equals: false }, message: $.errorMessage }
    duplicate: { when: { status: 409 }, reference: $.number }
  reverse:
    path: /vouchers/{$.reference}/reverse
    body: { externalNo: $.idempotencyKey, date: $.document.date }
    reference: $.number
    rejected: { when: { path: $.success, equals: false }, message: $.errorMessage }
  lookup:
    path: /vouchers?externalNo={$.idempotencyKey}
    many: $.items
    found: $$.number
    key: $$.externalNo
  quiet: ${quiet}
  deduplicates: ${deduplicates}
${batch === undefined ? "" : `  batch: { size: ${batch}, body: { vouchers: $.items }, answers: $.results, match: { answer: $.externalNo } }\n`}${latest ? LATEST : ""}`;
  return [connection, target];
}

const STEPS_EXAMPLE = new URL("../../fixtures/connectors/http/steps/expense-to-erp.yaml", import.meta.url);

/** The same for a faulty ERP that saves, submits and audits: the target of the example that the connector's README shows. */
export function erpStepsTarget({
  url,
  quiet,
  concurrency = 4,
  timeout = "2s",
}: Pick<ErpTargetOptions, "url" | "quiet" | "concurrency" | "timeout">): [string, string] {
  const connection = `    connector: http\n    url: ${url}\n    timeout: ${timeout}\n    concurrency: ${concurrency}\n    company: "001"\n`;
  const example = readFileSync(STEPS_EXAMPLE, "utf8");
  const target = example.slice(example.indexOf("target:\n") + "target:\n".length);
  return [connection, target.replace("connection: erp", "connection: books").replace(/quiet: .*/, `quiet: ${quiet}`)];
}

const LATEST = `  latest:
    path: /latest?prefix={$.pipeline}/
    found: $.externalNo
    absent: { path: $.externalNo, equals: null }
`;

/** Our document key in the external number that the ERP was given: pipeline / key / version. */
export function documentOf(externalNo: string): string {
  return externalNo.split("/")[1] ?? externalNo;
}
