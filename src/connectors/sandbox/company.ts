import * as tables from "./company-tables.js";
import { SeededRandom } from "./random.js";

export interface SampleDepartment {
  readonly code: string;
  readonly name: string;
  /** Null at the top of the tree. */
  readonly parent: string | null;
  readonly costCenter: string;
}

export interface SamplePerson {
  /** 工号: text, with its leading zeros. */
  readonly number: string;
  readonly name: string;
  readonly phone: string;
  readonly mail: string;
  /** Code of the department. */
  readonly department: string;
  readonly bank: string;
  readonly bankAccount: string;
}

export interface SampleFeeType {
  readonly code: string;
  readonly name: string;
  readonly parent: string | null;
  /** Null for a group, which is not claimed itself. */
  readonly account: string | null;
  /** Input VAT can be deducted. */
  readonly deductible: boolean;
  /** Percent. */
  readonly rates: readonly number[];
  /** Fen. */
  readonly least: number;
  readonly most: number;
}

export interface SampleAccount {
  readonly code: string;
  readonly name: string;
  /** 资产, 负债, 所有者权益, 成本, 损益. */
  readonly kind: string;
  readonly parent: string | null;
  readonly isLeaf: boolean;
  /** 辅助核算 that each line must name: 部门, 职员, 客户, 供应商; null: none. */
  readonly dimension: string | null;
}

export interface SampleSupplier {
  readonly code: string;
  readonly name: string;
  readonly taxNumber: string;
  readonly bank: string;
  readonly bankAccount: string;
}

export interface SampleProject {
  readonly code: string;
  readonly name: string;
}

export interface SampleEntity {
  readonly code: string;
  readonly name: string;
  readonly taxNumber: string;
}

/** An invented company, known to every stand-in: the same seed gives the same people in each of them. */
export interface SampleCompany {
  readonly departments: readonly SampleDepartment[];
  readonly people: readonly SamplePerson[];
  readonly feeTypes: readonly SampleFeeType[];
  /** Fee types under which assets are bought. No claim of the sample does, so that people rehearse it when they want to. */
  readonly assetTypes: readonly { readonly code: string; readonly name: string }[];
  readonly accounts: readonly SampleAccount[];
  readonly suppliers: readonly SampleSupplier[];
  readonly projects: readonly SampleProject[];
  readonly entities: readonly SampleEntity[];
}

const PEOPLE = 40;
const SUPPLIERS = 30;

export function sampleCompany(seed: number): SampleCompany {
  const departments = rows(tables.DEPARTMENTS).map(([code = "", name = "", parent = ""]) => ({
    code,
    name,
    parent: orNull(parent),
    costCenter: `CC${code}`,
  }));
  const accounts = rows(tables.ACCOUNTS);
  const codes = accounts.map(([code = ""]) => code);
  return {
    departments,
    people: peopleOf(new SeededRandom(`people ${seed}`), departments),
    feeTypes: rows(tables.FEE_TYPES).map(
      ([code = "", name = "", parent = "", account = "", deductible = "", rates = "", least = "", most = ""]) => ({
        code,
        name,
        parent: orNull(parent),
        account: orNull(account),
        deductible: deductible === "是",
        rates: rates.split(",").map(Number),
        least: Number(least),
        most: Number(most),
      }),
    ),
    assetTypes: [{ code: "ASSET-IT", name: "电子设备" }],
    accounts: accounts.map(([code = "", name = "", kind = "", dimension]) => ({
      code,
      name,
      kind,
      parent: parentOf(code, codes),
      isLeaf: !codes.some((each) => each !== code && each.startsWith(code)),
      dimension: dimension ?? null,
    })),
    suppliers: suppliersOf(new SeededRandom(`suppliers ${seed}`)),
    projects: rows(tables.PROJECTS).map(([code = "", name = ""]) => ({ code, name })),
    entities: rows(tables.ENTITIES).map(([code = "", name = "", taxNumber = ""]) => ({ code, name, taxNumber })),
  };
}

function rows(table: string): string[][] {
  return table
    .trim()
    .split("\n")
    .map((row) => row.split(" "));
}

function orNull(text: string): string | null {
  return text === "-" ? null : text;
}

/** Accounts are numbered by their place in the tree: 4, then 2 digits for each level. */
function parentOf(code: string, codes: readonly string[]): string | null {
  const parent = code.slice(0, -2);
  return codes.includes(parent) ? parent : null;
}

function peopleOf(random: SeededRandom, departments: readonly SampleDepartment[]): SamplePerson[] {
  const places = departments.filter(({ parent }) => parent !== null);
  return Array.from({ length: PEOPLE }, (_, index) => {
    const number = String(101 + index * 37).padStart(6, "0");
    return {
      number,
      name: `${random.pick(tables.SURNAMES)}${random.pick(tables.GIVEN_NAMES)}`,
      phone: `139${String(index).padStart(4, "0")}${random.digits(4)}`,
      mail: `u${number}@example.com`,
      // Each department has somebody before any has a second person.
      department: (index < places.length ? (places[index] as SampleDepartment) : random.pick(places)).code,
      bank: random.pick(tables.BANKS),
      bankAccount: `6222${random.digits(15)}`,
    };
  });
}

function suppliersOf(random: SeededRandom): SampleSupplier[] {
  return Array.from({ length: SUPPLIERS }, (_, index) => {
    const place = tables.SUPPLIER_PLACES[index % tables.SUPPLIER_PLACES.length];
    const trade = tables.SUPPLIER_TRADES[Math.floor(index / tables.SUPPLIER_PLACES.length)];
    return {
      code: `S${String(index + 1).padStart(4, "0")}`,
      name: `${place}示例${trade}有限公司`,
      taxNumber: `9131${random.digits(13)}X`,
      bank: random.pick(tables.BANKS),
      bankAccount: random.digits(19),
    };
  });
}
