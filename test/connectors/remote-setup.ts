import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Value } from "typebox/value";
import { expect, onTestFinished } from "vitest";
import type { ConnectorContext, Source } from "../../src/connectors/contract.js";
import { openCsvSource } from "../../src/connectors/csv/source.js";
import { FilesConnection } from "../../src/connectors/files/options.js";
import { type Problem, ProblemError } from "../../src/model/problem.js";
import { columnsOf, contextIn, type Given, optionsOf, outcomeOf } from "./csv-setup.js";

/** The connection as the configuration hands it over: checked, with defaults. */
export function connectionOf(given: object): FilesConnection {
  const connection = Value.Default(FilesConnection, structuredClone(given));
  if (!Value.Check(FilesConnection, connection))
    throw new Error(`not a valid connection: ${JSON.stringify([...Value.Errors(FilesConnection, connection)])}`);
  return connection;
}

/** A csv source on these files; it is closed after the test. */
export function sourceOn(connection: object, given: Given = {}, context: Partial<ConnectorContext> = {}): Source {
  const source = openCsvSource(connectionOf(connection), optionsOf({ files: "**/*.csv", ...given }), contextIn("/nowhere", context));
  onTestFinished(async () => source.close?.());
  return source;
}

export async function readOn(
  connection: object,
  given: Given = {},
  context: Partial<ConnectorContext> = {},
  wasRead = (_unit: string, _hash: string) => false,
) {
  return outcomeOf(sourceOn(connection, given, context), columnsOf("a"), wasRead);
}

/** The problem that opening or reading ends with. */
export async function failureOn(connection: object, given: Given = {}, context: Partial<ConnectorContext> = {}): Promise<Problem> {
  try {
    const { problems } = await readOn(connection, given, context);
    if (problems[0] !== undefined) return problems[0];
  } catch (error) {
    if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
    throw error;
  }
  throw new Error("nothing failed");
}

/** From now on temporary files of this process are made here, until the test ends. */
export function ownTemporaryFolder(): string {
  const former = process.env["TMPDIR"];
  const folder = mkdtempSync(join(tmpdir(), "own-"));
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  process.env["TMPDIR"] = temporary;
  onTestFinished(() => {
    if (former === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = former;
    rmSync(folder, { recursive: true, force: true });
  });
  return temporary;
}

export function expectEmpty(folder: string): void {
  expect(readdirSync(folder)).toEqual([]);
}

/** Stands before a server and cuts the wire once this many bytes have come from it; the first `times` connections are cut. */
export async function cuttingProxy(
  port: number,
  afterBytes: number,
  times: number,
): Promise<{ readonly port: number; readonly cuts: () => number }> {
  let cuts = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    const isCut = cuts < times;
    let bytes = 0;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    open.add(client);
    for (const socket of [client, upstream]) {
      socket.on("error", end);
      socket.on("close", end);
    }
    client.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk) => {
      bytes += chunk.length;
      if (isCut && bytes > afterBytes) {
        if (!client.destroyed) cuts += 1;
        return end();
      }
      // What the client does not take yet is not asked for, so that the bytes counted are those it got.
      if (!client.write(chunk)) {
        upstream.pause();
        client.once("drain", () => upstream.resume());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, cuts: () => cuts };
}
