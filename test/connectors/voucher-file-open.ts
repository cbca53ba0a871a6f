import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import type { ConnectorContext, Target } from "../../src/connectors/contract.js";
import type { Disk } from "../../src/connectors/voucher-file/disk.js";
import {
  type LayoutName,
  type VoucherFileOptions as Options,
  VoucherFileConnection,
  VoucherFileOptions,
} from "../../src/connectors/voucher-file/options.js";
import { openVoucherFileTarget } from "../../src/connectors/voucher-file/target.js";

/** What each layout needs to be told. */
export const NEEDED: Readonly<Record<LayoutName, Partial<Options>>> = {
  "kingdee galaxy": { fill: { FAccountBookID: "001", FACCBOOKORGID: "100" } },
  "kingdee k3": { fill: { 制单: "demo" } },
  "yonyou u8": { fill: { 制单人: "demo" } },
  csv: {
    columns: [
      { name: "日期", value: "$.date" },
      { name: "凭证号", value: ["$.word", "-", "$.number"] },
      { name: "科目", value: "$$.account" },
      { name: "摘要", value: "$$.text" },
      { name: "金额", value: "$$.signed" },
      { name: "往来", value: "$$.partner" },
    ],
  },
  xlsx: {
    columns: [
      { name: "日期", value: "$.date" },
      { name: "科目", value: "$$.account" },
      { name: "金额", value: "$$.signed" },
    ],
  },
};

export interface Opening {
  readonly closed_through?: string;
  readonly now?: () => Date;
  readonly disk?: Disk;
}

/** Opens the target as the configuration would: options checked, with defaults. */
export async function openVoucherFiles(
  folder: string,
  given: Partial<Options> & { readonly layout: LayoutName },
  { closed_through, now = () => new Date("2026-11-30T18:00:00Z"), disk }: Opening = {},
): Promise<Target> {
  const options = checked<Options>(VoucherFileOptions, { ...NEEDED[given.layout], ...given });
  const connection = checked<VoucherFileConnection>(VoucherFileConnection, {
    folder,
    ...(closed_through === undefined ? {} : { closed_through }),
  });
  const context: ConnectorContext = {
    folder: "/",
    timeZone: "Asia/Shanghai",
    now,
    sleep: async () => {},
    signal: new AbortController().signal,
  };
  return disk === undefined
    ? openVoucherFileTarget(connection, options, context)
    : openVoucherFileTarget(connection, options, context, disk);
}

function checked<T>(schema: TSchema, given: object): T {
  const options = Value.Default(schema, structuredClone(given));
  if (!Value.Check(schema, options)) throw new Error(`not valid options: ${JSON.stringify([...Value.Errors(schema, options)])}`);
  return options as T;
}
