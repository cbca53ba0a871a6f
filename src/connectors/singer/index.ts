import { defineConnector } from "../contract.js";
import { SingerConnection, SingerSourceOptions } from "./options.js";
import { openSingerSource } from "./source.js";

export const connector = defineConnector({
  name: "singer",
  summary: "runs a Singer tap and reads one of its streams",
  connection: SingerConnection,
  source: { options: SingerSourceOptions, needsKey: true, open: openSingerSource },
});
