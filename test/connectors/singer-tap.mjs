// A Singer tap for the tests: it has two streams and goes on after the highest id it was told of. Its configuration says how it behaves.
import { copyFileSync, readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    config: { type: "string" },
    state: { type: "string" },
    catalog: { type: "string" },
    properties: { type: "string" },
    discover: { type: "boolean", default: false },
  },
});
const config = JSON.parse(readFileSync(values.config, "utf8"));
const say = (message) => process.stdout.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
const log = (text) => process.stderr.write(`${text}\n`);

log(`INFO starting with ${config.password}`);
if (config.tell_environment === true) log(`environment ${Object.keys(process.env).sort().join(",")}`);
if (config.tell_files === true) log(`mode ${(statSync(values.config).mode & 0o777).toString(8)} ${values.config}`);

const SCHEMA = {
  type: "object",
  properties: { id: { type: "integer" }, amount: { type: "number" }, payee: { type: "object" }, secret_field: { type: "string" } },
};
if (values.discover) {
  if (config.no_catalog === true) say("usage: tap --config FILE");
  else
    say({
      streams: [
        {
          tap_stream_id: "books-public-claims",
          stream: "claims",
          schema: SCHEMA,
          metadata: [
            { breadcrumb: [], metadata: { inclusion: "available" } },
            { breadcrumb: ["properties", "secret_field"], metadata: { inclusion: "unsupported" } },
          ],
        },
        { tap_stream_id: "people", stream: "people", schema: SCHEMA },
      ],
    });
  process.exit(0);
}

const after = values.state === undefined ? 0 : JSON.parse(readFileSync(values.state, "utf8")).claims;
if (config.copy_catalog !== undefined) copyFileSync(values.catalog ?? values.properties, config.copy_catalog);
say({ type: "SCHEMA", stream: "claims", key_properties: ["id"], schema: SCHEMA });
if (config.others === true) {
  say({ type: "SCHEMA", stream: "people", key_properties: ["id"], schema: SCHEMA });
  say({ type: "RECORD", stream: "people", record: { id: 1 } });
  say({ type: "ACTIVATE_VERSION", stream: "claims", version: 1 });
}
for (const line of config.lines ?? []) say(line);
let last = after;
const claims = config.claims ?? Array.from({ length: config.count ?? 0 }, (_, index) => ({ id: index + 1, amount: "1.00" }));
for (const claim of claims) {
  if (claim.id <= after) continue;
  say({ type: "RECORD", stream: "claims", record: claim, time_extracted: "2026-11-26T00:00:00Z" });
  last = claim.id;
}
if (config.hang === true) setInterval(() => undefined, 1_000);
else if (config.exit !== undefined) {
  log(`CRITICAL no access for ${config.password}`);
  process.exitCode = config.exit;
} else if (config.silent_about_state !== true) say(`{"type": "state", "value": {"claims": ${last}, "scn": 12345678901234567890}}`);
