import { parseArgs } from "node:util";
import { FaultyErp } from "./faulty-erp.js";

/**
 * The faulty ERP as a process of its own, so that nothing done to our program touches it. Prints `{"port":N}` when it
 * listens; ends when its standard input does, so that it never outlives who started it.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    journal: { type: "string" },
    seed: { type: "string", default: "0" },
    duplicates: { type: "string", default: "booked" },
    "in-steps": { type: "boolean", default: false },
    client: { type: "string" },
    secret: { type: "string", default: "" },
    "token-uses": { type: "string", default: "1000000" },
    "token-ms": { type: "string", default: "3600000" },
  },
});
if (values.journal === undefined) throw new Error("--journal FILE is missing");
const erp = new FaultyErp({
  journal: values.journal,
  seed: Number(values.seed),
  refusesDuplicates: values.duplicates === "refused",
  inSteps: values["in-steps"],
  auth:
    values.client === undefined
      ? null
      : {
          clientId: values.client,
          clientSecret: values.secret,
          uses: Number(values["token-uses"]),
          lifetimeMs: Number(values["token-ms"]),
        },
});
const port = await erp.listen(Number(values.port));
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
