import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ClaimMaker, sampleClaims, split, taxWithin } from "../../../src/connectors/sandbox/claims.js";
import { sampleCompany } from "../../../src/connectors/sandbox/company.js";

const UNTIL = new Date("2026-11-26T03:00:00Z");
const company = sampleCompany(1);
const claims = sampleClaims(company, 1, UNTIL);

function rows(file: string): string[][] {
  const text = readFileSync(new URL(`../../../pipelines/lookups/${file}`, import.meta.url), "utf8");
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.split(","));
}

test("the same seed gives the same company and claims, another seed other ones", () => {
  expect(sampleCompany(1)).toEqual(company);
  expect(sampleClaims(company, 1, UNTIL)).toEqual(claims);
  expect(sampleCompany(2).people).not.toEqual(company.people);
  expect(sampleClaims(company, 2, UNTIL)[0]).not.toEqual(claims[0]);
});

test("accounts are those of the pipelines' chart, and each fee type of the lookup is there with its account", () => {
  const chart = rows("chart-of-accounts.csv");
  expect(company.accounts.map((each) => [each.code, each.name, each.kind, each.parent ?? "", each.dimension ?? ""])).toEqual(chart);
  const leaves = new Map(company.feeTypes.filter(({ account }) => account !== null).map((type) => [type.name, type]));
  for (const [name = "", account = "", , deductible, from] of rows("expense-accounts.csv")) {
    if (from === "") expect([leaves.get(name)?.account, leaves.get(name)?.deductible], name).toEqual([account, deductible === "是"]);
  }
  const codes = new Set(company.accounts.filter(({ isLeaf }) => isLeaf).map(({ code }) => code));
  for (const { account } of leaves.values()) expect(codes).toContain(account);
});

test("people, departments, suppliers and projects have keys of their own and point to what is there", () => {
  expect([company.people.length, company.departments.length, company.suppliers.length, company.projects.length]).toEqual([40, 12, 30, 10]);
  for (const keys of [
    company.people.map(({ number }) => number),
    company.people.map(({ phone }) => phone),
    company.departments.map(({ code }) => code),
    company.suppliers.map(({ code }) => code),
    company.suppliers.map(({ name }) => name),
    company.feeTypes.map(({ code }) => code),
  ]) {
    expect(new Set(keys).size).toBe(keys.length);
  }
  const departments = new Set(company.departments.map(({ code }) => code));
  for (const { department } of company.people) expect(departments).toContain(department);
  for (const { parent } of company.departments) if (parent !== null) expect(departments).toContain(parent);
  expect(new Set(company.people.map(({ department }) => department)).size).toBe(9);
});

test("a year of claims, exact to the fen", () => {
  expect(claims).toHaveLength(3_000);
  const lines = claims.flatMap((claim) => claim.lines);
  for (const line of lines) {
    expect(Number.isSafeInteger(line.amount) && line.amount > 0).toBe(true);
    if (line.invoices.length > 0) expect(line.invoices.reduce((sum, each) => sum + each.total, 0)).toBe(line.amount);
    if (line.apportions.length > 0) expect(line.apportions.reduce((sum, each) => sum + each.amount, 0)).toBe(line.amount);
    if (line.foreign !== null) {
      const [whole = "", digits = ""] = line.foreign.rate.split(".");
      const exact = BigInt(line.foreign.amount) * BigInt(whole + digits) * (line.foreign.scale === 0 ? 100n : 1n);
      expect(exact).toBe(BigInt(line.amount) * 10n ** BigInt(digits.length));
    }
  }
  for (const claim of claims) expect(claim.lines.length >= 1 && claim.lines.length <= 6).toBe(true);
});

test("the year holds what makes life hard", () => {
  const lines = claims.flatMap((claim) => claim.lines);
  const invoices = lines.flatMap((line) => line.invoices);
  expect(new Set(invoices.map(({ code, number }) => `${code}-${number}`)).size).toBe(invoices.length);
  expect(invoices.filter(({ code }) => code === "").every(({ number }) => /^2[56]31\d{16}$/.test(number))).toBe(true);
  const paper = invoices.filter(({ code }) => code !== "");
  expect(paper.every(({ code, number }) => /^\d{12}$/.test(code) && /^\d{8}$/.test(number))).toBe(true);
  // The same 8 digits under two codes are two invoices.
  expect(new Set(paper.map(({ number }) => number)).size).toBeLessThan(paper.length);
  expect(new Set(claims.map(({ state }) => state))).toEqual(
    new Set(["draft", "rejected", "void", "approving", "approved", "paid", "archived"]),
  );
  expect(claims.filter(({ isDeleted }) => isDeleted).length).toBeGreaterThan(5);
  expect(claims.filter(({ writtenOff }) => writtenOff > 0).length).toBeGreaterThan(50);
  expect(new Set(lines.map(({ foreign }) => foreign?.currency))).toEqual(new Set([undefined, "USD", "JPY"]));
  expect(lines.filter(({ apportions }) => apportions.length > 1).length).toBeGreaterThan(500);
  for (const { updatedAt } of claims) expect(updatedAt).toBeLessThanOrEqual(UNTIL.getTime());
});

test("claims made later go on with the numbers", () => {
  const claim = new ClaimMaker(company, "more", 3_000).claim(UNTIL.getTime(), UNTIL.getTime());
  expect(claim.serial).toBe(3_001);
});

test("amounts are split and taxed without a rest", () => {
  expect(split(1_000, 3)).toEqual([334, 333, 333]);
  expect(taxWithin(12_050, 6)).toBe(682);
  expect(taxWithin(100, 0)).toBe(0);
});
