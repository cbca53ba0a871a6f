import { defineConnector } from "../contract.js";
import { FilesConnection } from "../files/options.js";
import { XmlSourceOptions } from "./options.js";
import { openXmlSource } from "./source.js";

export const connector = defineConnector({
  name: "xml",
  summary: "reads XML files of any size: the elements at a path are the records",
  connection: FilesConnection,
  source: { options: XmlSourceOptions, open: openXmlSource },
});
