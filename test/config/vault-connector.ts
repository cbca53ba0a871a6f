import { Type } from "typebox";
import { defineConnector } from "../../src/connectors/contract.js";

/** A system with secrets, defaults and numbers in its connection, which takes journals only. */
export const vault = defineConnector({
  name: "vault",
  summary: "test system",
  connection: Type.Object(
    {
      host: Type.String({ description: "where it is", examples: ["erp.example.com"] }),
      port: Type.Integer({ description: "port", default: 443, minimum: 1, maximum: 65535 }),
      user: Type.Optional(Type.String({ description: "who signs in" })),
      password: Type.Optional(Type.String({ description: "how", secret: true, minLength: 8 })),
      certificate: Type.Optional(Type.String({ description: "client certificate", path: "file" })),
      tags: Type.Optional(Type.Array(Type.String(), { description: "labels" })),
    },
    { additionalProperties: false },
  ),
  source: {
    options: Type.Object({ entity: Type.String({ description: "what is read" }) }, { additionalProperties: false }),
    open: () => ({
      async *read() {
        yield { kind: "complete", unit: "all", fingerprint: "0" } as const;
      },
    }),
  },
  target: {
    options: Type.Object({ company: Type.String({ description: "company code", pattern: "^\\d{3}$" }) }, { additionalProperties: false }),
    documents: ["journal"],
    open: () => {
      throw new Error("not opened in these tests");
    },
  },
});
