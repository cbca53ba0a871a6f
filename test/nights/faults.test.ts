import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EXPLANATIONS } from "../../src/explain/explanations.js";
import type { ProblemCode } from "../../src/model/problem.js";
import { program } from "../cli/sync.js";
import { RunningErp } from "../erp/running-erp.js";
import { type Bill, makeBills, PIPELINE, wantedBooks } from "../feed/bills.js";
import { documentOf, erpTarget } from "../feed/erp-target.js";
import { differences, erpBooks, ledgerBooks } from "../feed/final-books.js";
import { Office } from "./office.js";

const NIGHT = new Date("2026-11-20T18:00:00.000Z");
const HOURS_TO_MORNING = 6;

let office: Office;
let erp: RunningErp | null = null;
beforeEach(async () => {
  office = await Office.open(NIGHT);
});
afterEach(async () => {
  await erp?.stop();
  erp = null;
  await office.close();
});

async function startErp(): Promise<RunningErp> {
  erp = await RunningErp.start({ journal: `${office.folder}/erp.jsonl` });
  return erp;
}

/** Everything a person sees in the morning without opening a log: one message, one screen, one story, one page. */
async function expectMorning(code: ProblemCode, words: RegExp): Promise<void> {
  office.pass(HOURS_TO_MORNING);
  const [message, ...more] = office.news();
  expect(more).toEqual([]);
  expect(message?.subject).toContain(`${PIPELINE} failed`);
  expect(message?.text).toContain(`(${code})`);
  expect(message?.text).toContain("sync runs ");
  const status = (await office.sync("status", "--no-color")).out;
  expect(status).toMatch(new RegExp(`${PIPELINE} +#\\d+ failed`));
  expect(status).toMatch(new RegExp(`did not do all its work\\n +${PIPELINE} +${code}: `));
  const story = (await office.sync("runs", "show", "--no-color")).out;
  expect(story).toContain(code);
  expect(story).toMatch(words);
  const page = (await office.sync("explain", code)).out;
  for (const step of EXPLANATIONS[code].en.mend) expect(page.replace(/\s+/g, " ")).toContain(step.replace(/\s+/g, " "));
}

/** The next run does all the work, says so once, and the books are as wanted. */
async function expectMended(bills: readonly Bill[], ...args: string[]): Promise<void> {
  const run = await office.json<{ status: string }>("run", ...args);
  expect(run.status).toBe("done");
  const [message, ...more] = office.news();
  expect([message?.pipelines[0]?.events, more]).toEqual([["recovered"], []]);
  if (erp === null) return;
  const books = erpBooks(await erp.journal(), documentOf);
  expect([books.twice, differences(books.documents, wantedBooks(bills))]).toEqual([[], []]);
}

test("the name service is gone", async () => {
  const bills = makeBills(3);
  const { url } = await startErp();
  office.target(...erpTarget({ url: "https://erp.example.invalid", quiet: "1s" }));
  office.project.export("night", bills);
  expect((await office.sync("run", "--quiet")).code).toBe(1);
  await expectMorning("NETWORK_NAME", /`erp\.example\.invalid`: the host name .*nothing was sent/);
  // It is found again: here, as the other name of this machine.
  office.target(...erpTarget({ url: url.replace("127.0.0.1", "localhost"), quiet: "1s" }));
  await expectMended(bills);
}, 60_000);

test("the certificate has expired", async () => {
  const bills = makeBills(3);
  const { url } = await startErp();
  const authority = makeAuthority();
  const old = await listen(authority.issue("20240101000000Z", "20260101000000Z"), url);
  const trusting = (port: number): [string, string] => {
    const [connection, target] = erpTarget({ url: `https://localhost:${port}`, quiet: "1s" });
    return [`${connection}    ca: ${authority.file}\n`, target];
  };
  office.target(...trusting(old.port));
  office.project.export("night", bills);
  expect((await office.sync("run", "--quiet")).code).toBe(1);
  await expectMorning("NETWORK_CERTIFICATE", /its certificate has expired \(CERT_HAS_EXPIRED\); nothing was sent/);
  expect((await office.sync("doctor", "--no-color")).out).toMatch(/certificate of books +wrong +localhost:\d+: it ended on 2026-01-01/);
  old.close();
  const renewed = await listen(authority.issue("20240101000000Z", "20990101000000Z"), url);
  office.target(...trusting(renewed.port));
  await expectMended(bills);
  renewed.close();

  function makeAuthority() {
    const at = (name: string): string => join(office.folder, "ca", name);
    mkdirSync(at("issued"), { recursive: true });
    writeFileSync(at("index.txt"), "");
    writeFileSync(at("serial"), "01\n");
    writeFileSync(
      at("ca.cnf"),
      `[ca]\ndefault_ca = own\n[own]\ndatabase = ${at("index.txt")}\nnew_certs_dir = ${at("issued")}\nserial = ${at("serial")}\ndefault_md = sha256
policy = any\nunique_subject = no\nx509_extensions = server\n[any]\ncommonName = supplied\n[server]\nsubjectAltName = DNS:localhost\n`,
    );
    const openssl = (...args: string[]): Buffer => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl("req", "-x509", ...key, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj", "/CN=authority", "-days", "3650");
    const issue = (from: string, to: string): { cert: Buffer; key: Buffer } => {
      openssl("req", ...key, "-keyout", at("own.key"), "-out", at("own.csr"), "-subj", "/CN=localhost");
      const signing = ["-config", at("ca.cnf"), "-batch", "-notext", "-startdate", from, "-enddate", to];
      openssl("ca", ...signing, "-cert", at("ca.pem"), "-keyfile", at("ca.key"), "-in", at("own.csr"), "-out", at("own.pem"));
      return { cert: readFileSync(at("own.pem")), key: readFileSync(at("own.key")) };
    };
    return { file: at("ca.pem"), issue };
  }

  /** The ERP behind TLS. */
  async function listen(certificate: { cert: Buffer; key: Buffer }, behind: string): Promise<{ port: number; close: () => void }> {
    const server = createServer(certificate, (request, response) => {
      void (async () => {
        const parts: Buffer[] = [];
        for await (const part of request) parts.push(part as Buffer);
        const body = parts.length === 0 ? {} : { body: Buffer.concat(parts) };
        const answer = await fetch(`${behind}${request.url}`, { method: request.method ?? "GET", ...body });
        response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    return { port: (server.address() as AddressInfo).port, close: () => server.close() };
  }
});

describe("the clock", () => {
  test("a day back: nothing is read or sent until it is right again", async () => {
    const bills = makeBills(6);
    const { url } = await startErp();
    office.target(...erpTarget({ url, quiet: "1s" }));
    office.project.export("first", bills.slice(0, 3));
    expect((await office.sync("run", "--quiet")).code).toBe(0);
    office.project.export("second", bills.slice(3));
    const calls = erp?.journalNow().requests.length;
    office.now = new Date(NIGHT.getTime() - 86_400_000);
    for (let night = 0; night < 2; night += 1) expect((await office.sync("run", "--quiet")).code).toBe(1);
    expect(erp?.journalNow().requests.length).toBe(calls);
    await expectMorning("RUN_CLOCK_BACK", /clock says 2026-11-19T18:00:00\.000Z, and run 1 began at 2026-11-20T18:00:00\.000Z/);
    expect((await office.sync("doctor", "--no-color")).out).toMatch(/clock +wrong +it is 2026-11-20T00/);
    office.now = new Date(NIGHT.getTime() + 86_400_000);
    await expectMended(bills);
  });

  test("it was a day ahead, and is right now: a person says so once", async () => {
    const bills = makeBills(6);
    const { url } = await startErp();
    office.target(...erpTarget({ url, quiet: "1s" }));
    office.project.export("first", bills.slice(0, 3));
    office.now = new Date(NIGHT.getTime() + 86_400_000);
    expect((await office.sync("run", "--quiet")).code).toBe(0);
    office.now = NIGHT;
    office.project.export("second", bills.slice(3));
    expect((await office.sync("run", "--quiet")).code).toBe(1);
    await expectMorning("RUN_CLOCK_BACK", /--clock-is-right/);
    await expectMended(bills, "--clock-is-right");
    office.pass(1);
    expect((await office.json<{ status: string }>("run")).status).toBe("done");
  });

  test("an hour back is told by nobody", async () => {
    office.addWebhook();
    office.project.export("first", makeBills(1));
    expect((await office.sync("run", "--quiet")).code).toBe(0);
    office.pass(-1);
    expect((await office.sync("run", "--quiet")).code).toBe(0);
    expect(office.news()).toEqual([]);
  });
});

test("a run that sleeps as long as a lease stops before it sends, and the one that took over does the work", async () => {
  const bills = makeBills(60);
  const { url } = await startErp();
  await erp?.control({ slowMs: 25 });
  office.target(...erpTarget({ url, quiet: "400ms", concurrency: 1 }));
  office.project.export("night", bills);
  const clock = join(office.folder, "clock");
  writeFileSync(clock, "0");
  const start = () => {
    const shifted = new URL("shifted-clock.js", import.meta.url).href;
    const child = spawn(process.execPath, ["--import", shifted, program, "run"], {
      cwd: office.folder,
      env: { ...process.env, SYNC_TEST_CLOCK_SHIFT: clock },
    });
    let said = "";
    for (const end of [child.stdout, child.stderr]) end.setEncoding("utf8").on("data", (text: string) => (said += text));
    const ended = new Promise<{ code: number | null; said: string }>((resolve) => child.on("close", (code) => resolve({ code, said })));
    return { child, ended };
  };
  const first = start();
  while (erp?.journalNow().count("post") === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  first.child.kill("SIGSTOP");
  // Ten minutes are gone when it wakes up; nobody waits for them here.
  writeFileSync(clock, String(10 * 60_000));
  const second = await start().ended;
  expect([second.code, second.said]).toEqual([0, expect.stringContaining("done")]);
  const sent = (await erp?.journal())?.count("post");
  first.child.kill("SIGCONT");
  const woken = await first.ended;
  expect([woken.code, woken.said]).toEqual([1, expect.stringContaining("STORE_LEASE_LOST")]);
  expect((await erp?.journal())?.count("post")).toBe(sent);
  const books = erpBooks(await (erp as RunningErp).journal(), documentOf);
  expect([books.twice, differences(books.documents, wantedBooks(bills))]).toEqual([[], []]);
  expect((await office.sync("explain", "STORE_LEASE_LOST")).out).toContain("sync runs");
}, 60_000);

test("a disk that fills up in the middle, and gets room", async () => {
  const bills = makeBills(1_000);
  office.addWebhook();
  office.project.export("night", bills);
  const state = join(office.folder, "state");
  mkdirSync(state);
  // A small file system of its own, which only these processes see.
  const script = `set -u
mount -t tmpfs -o size=700k none ${state} || exit 77
run() { "${process.execPath}" "${program}" "$@"; echo "== exit $?"; }
run run --quiet
run status
run runs show
mount -o remount,size=200m ${state}
run run --quiet
cp -a ${state} ${office.folder}/kept`;
  const asRoot = spawnSync("unshare", ["-m", "true"]).status === 0;
  const own = asRoot ? ["-m"] : ["-r", "-m"];
  const done = spawnSync("unshare", [...own, "bash", "-c", script], { cwd: office.folder, encoding: "utf8" });
  expect(done.status, done.stderr).toBe(0);
  const [full = "", status = "", story = "", mended = ""] = `${done.stdout}`.split(/== exit \d+\n/);
  const codes = [...done.stdout.matchAll(/== exit (\d+)/g)].map(([, code]) => Number(code));
  expect(codes).toEqual([1, 0, 0, 0]);
  expect(`${full}${done.stderr}`).toMatch(/error RUN_DISK_FULL: /);
  expect(`${full}${done.stderr}`).not.toContain("    at ");
  expect(status).toContain(PIPELINE);
  expect(story).toMatch(/run 1/);
  expect(mended).toContain("done");
  expect(existsSync(join(office.folder, "kept"))).toBe(true);
  spawnSync("rm", ["-rf", state]);
  spawnSync("mv", [join(office.folder, "kept"), state]);
  const books = await ledgerBooks(office.folder);
  expect([books.twice, books.gaps, differences(books.documents, wantedBooks(bills))]).toEqual([[], [], []]);
  expect((await office.sync("explain", "RUN_DISK_FULL")).out).toContain("df -h");
}, 60_000);
