import type { SandboxDefinition } from "../../sandbox/contract.js";
import { OWN_FAULTS } from "./own-faults.js";
import { ACCOUNT_SET, APPLICATION, PASSWORD, USER } from "./sign-in.js";
import { KingdeeSystem } from "./system.js";

/** `sync sandbox kingdee`: 金蝶云·星空 with the sample company in it. What it does and does not do stands in its README. */
export const sandbox: SandboxDefinition = {
  name: "kingdee",
  summary: "金蝶云·星空 (Kingdee Cloud Galaxy): vouchers, payables, reimbursements, payments and base data by its WebAPI",
  port: 8702,
  connection: (address) => ({
    url: `${address}/k3cloud/`,
    account_set: ACCOUNT_SET,
    user: USER,
    password: PASSWORD,
    app_id: APPLICATION.id,
    app_secret: APPLICATION.secret,
  }),
  faults: OWN_FAULTS,
  open: (options) => new KingdeeSystem(options),
};
