import type { Connector } from "./contract.js";

/** Every connector by the word used in pipeline files. Each is loaded only when something names it, so that starting stays fast. */
export const connectors: ReadonlyMap<string, () => Promise<Connector>> = new Map([
  ["csv", async (): Promise<Connector> => (await import("./csv/index.js")).connector],
  ["fixed", async (): Promise<Connector> => (await import("./fixed/index.js")).connector],
  ["hesi", async (): Promise<Connector> => (await import("./hesi/index.js")).connector],
  ["http", async (): Promise<Connector> => (await import("./http/index.js")).connector],
  ["json", async (): Promise<Connector> => (await import("./json/index.js")).connector],
  ["kingdee", async (): Promise<Connector> => (await import("./kingdee/index.js")).connector],
  ["ledger", async (): Promise<Connector> => (await import("./ledger/index.js")).connector],
  ["singer", async (): Promise<Connector> => (await import("./singer/index.js")).connector],
  ["sql", async (): Promise<Connector> => (await import("./sql/index.js")).connector],
  ["tryton", async (): Promise<Connector> => (await import("./tryton/index.js")).connector],
  ["voucher-file", async (): Promise<Connector> => (await import("./voucher-file/index.js")).connector],
  ["xlsx", async (): Promise<Connector> => (await import("./xlsx/index.js")).connector],
  ["xml", async (): Promise<Connector> => (await import("./xml/index.js")).connector],
]);
