import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { emptyFolder, sync } from "./sync.js";

const program = fileURLToPath(new URL("../../bin/sync.js", import.meta.url));

interface Started {
  readonly connection: { readonly url: string; readonly app_key: string; readonly app_security: string };
  /** Ctrl-C; the exit code. */
  readonly stop: () => Promise<number | null>;
}

/** Starts the built program and reads the YAML it prints. */
async function started(cwd: string, ...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [program, "sandbox", "hesi", "--port", "0", ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit") as Promise<[number | null]>;
  let out = "";
  let err = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  // What it says last, it says when all else is told.
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (text) => {
      err += text;
      if (err.includes("Ctrl-C ends it")) resolve();
    });
    void ended.then(() => reject(new Error(err)));
  });
  const { connections } = parse(out) as { connections: { hesi: Started["connection"] & { connector: string } } };
  expect(connections.hesi.connector).toBe("hesi");
  return {
    connection: connections.hesi,
    stop: async () => {
      child.kill("SIGINT");
      return (await ended)[0];
    },
  };
}

async function post(url: string, body: unknown): Promise<unknown> {
  return (await fetch(url, { method: "POST", body: JSON.stringify(body) })).json();
}

test("a stand-in is served with the credentials it prints, until Ctrl-C, and its state is kept", async () => {
  const folder = emptyFolder();
  const first = await started(folder, "--state", "hesi.state", "--fault", "lose 0%");
  const { url, app_key, app_security } = first.connection;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const { value } = (await post(`${url}/api/openapi/v1/auth/getAccessToken`, { appKey: app_key, appSecurity: app_security })) as {
    value: { accessToken: string };
  };
  expect((await fetch(`${url}/api/openapi/v1/feeTypes?accessToken=${value.accessToken}`)).status).toBe(200);
  expect(await (await fetch(`${url}/_sandbox/faults`)).json()).toEqual([{ fault: "lose 0%", strikes: 0 }]);
  await post(`${url}/_sandbox/act/create`, { count: 2 });
  expect(await first.stop()).toBe(0);
  const second = await started(folder, "--state", "hesi.state");
  expect(await (await fetch(`${second.connection.url}/_sandbox/inspect/counts`)).json()).toMatchObject({ documents: 3_002 });
  expect(await second.stop()).toBe(0);
});

test("without a name the stand-ins are listed", () => {
  const { code, out } = sync(emptyFolder(), "sandbox");
  expect([code, out]).toEqual([0, expect.stringMatching(/^hesi +8701 {2}合思/m)]);
  expect(JSON.parse(sync(emptyFolder(), "sandbox", "--json").out)).toContainEqual(expect.objectContaining({ name: "hesi", port: 8701 }));
});

test("what cannot be served is a mistake of usage, with what to do", () => {
  const folder = emptyFolder();
  const refused = (...args: string[]): string => {
    const { code, err } = sync(folder, "sandbox", ...args);
    expect(code).toBe(2);
    return err;
  };
  expect(refused("hesy")).toContain("did you mean `hesi`?");
  expect(refused("hesi", "--port", "70000")).toContain("expected at most `65535`");
  expect(refused("hesi", "--port", "0", "--fault", "loose 5%")).toMatch(/`loose` is no fault[\s\S]*`504 above 200`/);
  expect(refused("hesi", "--port", "0", "--state", ".")).toContain("cannot be opened");
});
