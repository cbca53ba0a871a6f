import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { AUDIT_EVENTS, type AuditRow, auditBody, auditHash, auditLine } from "../../src/model/audit.js";
import { Workplace } from "../run/workplace.js";
import { aDrop, rowsOf } from "./audit-store.js";

const page = readFileSync(fileURLToPath(new URL("../../docs/audit.md", import.meta.url)), "utf8");

/** The blocks of one language, in their order. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, text = ""]) => text);
}

const [verifyPy = ""] = blocks("python");
const verifySh = blocks("sh").find((text) => text.startsWith("# verify.sh")) ?? "";
const exampleSh = blocks("sh").find((text) => text.startsWith("printf")) ?? "";
const [example = ""] = blocks("json");

function isThere(command: string): boolean {
  return spawnSync(command, ["--version"]).status === 0;
}
const hasPython = isThere("python3");
const hasSha256sum = isThere("sha256sum");

describe("docs/audit.md", () => {
  test("lists every event with its sentence, in order", () => {
    const listed = [...page.matchAll(/^\| `([a-z ]+)` \| (.*) \|$/gm)].map(([, event, about]) => [event, about]);
    expect(listed).toEqual(Object.entries(AUDIT_EVENTS));
  });

  test("its example follows the rule that the program follows", () => {
    let before = "0".repeat(64);
    const lines = example.trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const parsed = JSON.parse(line) as Omit<AuditRow, "detail"> & { detail: unknown };
      const row: AuditRow = { ...parsed, detail: JSON.stringify(parsed.detail) };
      expect(auditLine(row)).toBe(line);
      expect(row.hash).toBe(auditHash(before, auditBody(row)));
      before = row.hash;
    }
  });

  test.skipIf(!hasSha256sum)("the commands of its example give the hashes of its rows (skipped where there is no sha256sum)", () => {
    const done = spawnSync("sh", ["-c", exampleSh], { encoding: "utf8" });
    const hashes = example
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as AuditRow).hash);
    expect(done.stdout.trim().split("\n")).toEqual(hashes.map((hash) => `${hash}  -`));
  });
});

/** Lines of a real export, from runs that posted, were refused and crashed, and from a person with an unusual reason. */
async function realExport(): Promise<string[]> {
  const place = new Workplace();
  try {
    place.target.faults.set("B", ["rejected"]);
    place.target.faults.set("C", ["crash after"]);
    place.export("十一月", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.export("十二月", "C,1,好,,10.00,6601", "A,1,废,,10.00,6601");
    await place.run().catch(() => undefined);
    const reason = 'she said: "私人费用", {"hash":"x"}\u2028 \\ \ud83d 😀\nand left\u0000';
    place.store.audit.append(aDrop({ subject: "A\u001f1", detail: { item: "record", key: "A", cause: "RECORD_INVALID", reason } }));
    await place.run();
    return rowsOf(place.store.file).map(auditLine);
  } finally {
    place.dispose();
  }
}

type Verify = (exported: readonly string[], ...heads: string[]) => { code: number | null; out: string; err: string };

/** The script in a folder of its own, where it is given an export and noted heads. */
async function withScript(file: "verify.py" | "verify.sh", script: string, work: (verify: Verify) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sync-audit-page-"));
  try {
    writeFileSync(join(folder, file), script);
    await work((exported, ...heads) => {
      writeFileSync(join(folder, "audit.jsonl"), exported.map((line) => `${line}\n`).join(""));
      const done = spawnSync(file === "verify.py" ? "python3" : "sh", [file, "audit.jsonl", ...heads], { cwd: folder, encoding: "utf8" });
      return { code: done.status, out: done.stdout, err: done.stderr };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function headOf(line: string | undefined): string {
  return (JSON.parse(line ?? "") as AuditRow).hash;
}

describe.each([
  { name: "python3", isHere: hasPython, file: "verify.py", script: verifyPy },
  { name: "sh and sha256sum", isHere: hasSha256sum, file: "verify.sh", script: verifySh },
] as const)("the script of the page for $name", ({ name, isHere, file, script }) => {
  let lines: string[] = [];
  beforeAll(async () => {
    lines = await realExport();
  });

  test("is short", () => {
    expect(script.trim().split("\n").length).toBeLessThanOrEqual(15);
  });

  const title = (what: string): string => (isHere ? what : `${what} (skipped: there is no ${name})`);

  test.skipIf(!isHere)(title("accepts a real export and prints its rows and head"), async () => {
    expect(lines.length).toBeGreaterThan(12);
    await withScript(file, script, async (verify) => {
      expect(verify(lines)).toEqual({ code: 0, out: `${lines.length} rows, head ${headOf(lines.at(-1))}\n`, err: "" });
    });
  });

  test.skipIf(!isHere)(title("refuses every way of tampering, naming the row"), async () => {
    const at = (n: number): string => lines[n] as string;
    const swapped = [...lines.slice(0, 4), at(5), at(4), ...lines.slice(6)];
    const forged = at(4).replace(/"hash":".{64}"/, `"hash":"${"a".repeat(64)}"`);
    const tampered: Readonly<Record<string, readonly [readonly string[], number]>> = {
      "a changed outcome": [
        lines.map((line) => line.replace('"rejected"', '"accepted"')),
        lines.findIndex((line) => line.includes('"rejected"')) + 1,
      ],
      "a changed hash": [[...lines.slice(0, 4), forged, ...lines.slice(5)], 5],
      "a row removed": [lines.filter((_, n) => n !== 4), 5],
      "a row removed and the others moved up": [
        lines.filter((_, n) => n !== 4).map((line, n) => line.replace(/^\{"seq":\d+/, `{"seq":${n + 1}`)),
        5,
      ],
      "a row put in": [[...lines.slice(0, 5), at(4), ...lines.slice(5)], 6],
      "two rows swapped": [swapped, 5],
      "the first row removed": [lines.slice(1), 1],
      "the last row without its hash": [[...lines.slice(0, -1), (lines.at(-1) as string).replace(/,"hash":".*$/, "}")], lines.length],
      "an empty line": [[...lines.slice(0, 3), "", ...lines.slice(3)], 4],
    };
    await withScript(file, script, async (verify) => {
      for (const [what, [exported, row]] of Object.entries(tampered)) {
        const { code, out, err } = verify(exported);
        expect({ what, code, out, err }).toEqual({ what, code: 1, out: "", err: `row ${row} does not fit\n` });
      }
      expect(verify([]).code).toBe(1);
    });
  });
});

test.skipIf(!hasPython)(
  "with a noted head, the python3 script also sees rows cut off the end (skipped where there is no python3)",
  async () => {
    const lines = await realExport();
    const [noted, older] = [headOf(lines.at(-1)), headOf(lines[6])];
    await withScript("verify.py", verifyPy, async (verify) => {
      expect(verify(lines, noted, older).code).toBe(0);
      expect(verify(lines.slice(0, -3)).code).toBe(0);
      expect(verify(lines.slice(0, -3), older).code).toBe(0);
      expect(verify(lines.slice(0, -3), noted)).toMatchObject({ code: 1, out: "", err: expect.stringContaining(noted) });
    });
  },
);
