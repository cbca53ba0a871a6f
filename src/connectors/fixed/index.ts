import { defineConnector } from "../contract.js";
import { FilesConnection } from "../files/options.js";
import { FixedSourceOptions } from "./options.js";
import { openFixedSource } from "./source.js";

export const connector = defineConnector({
  name: "fixed",
  summary: "reads text files whose columns stand at fixed places, counted in characters or in bytes",
  connection: FilesConnection,
  source: { options: FixedSourceOptions, open: openFixedSource },
});
