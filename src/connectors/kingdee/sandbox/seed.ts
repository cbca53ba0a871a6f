import { type SampleAccount, type SampleCompany, sampleCompany } from "../../sandbox/company.js";
import type { Row, Values } from "./bill.js";
import type { Books } from "./books.js";
import { serverTime } from "./dates.js";
import { DIMENSIONS, PROJECT_FORM } from "./forms/base-forms.js";

const ORGANISATION = "ORG_Organizations";
/** Organisations and books are numbered as the vendor's samples number them. */
const ENTITY_NUMBERS = [
  { organisation: "100", book: "001" },
  { organisation: "200", book: "002" },
] as const;

type Item = readonly [number: string, name: string, values?: Values, rows?: readonly Values[]];

/** Fills an empty system with the sample company: base data, two organisations with a book each, and no vouchers. */
export function seedBooks(books: Books, seed: number, now: Date): void {
  const company = sampleCompany(seed);
  const seeder = new Seeder(books, serverTime(now));
  seeder.organisations(company);
  const closedThrough = `${Number(serverTime(now).slice(0, 4)) - 2}-12`;
  seeder.setup(closedThrough);
  seeder.accounts(company.accounts);
  seeder.people(company);
  seeder.parties(company);
  seeder.calendar(Number(serverTime(now).slice(0, 4)));
}

class Seeder {
  private readonly ids = new Map<string, number>();
  private own: Values = {};

  constructor(
    private readonly books: Books,
    private readonly time: string,
  ) {}

  organisations(company: SampleCompany): void {
    const entities = company.entities.slice(0, ENTITY_NUMBERS.length);
    this.add(
      ORGANISATION,
      entities.map(({ name }, at) => [ENTITY_NUMBERS[at]?.organisation ?? "", name, { FStartDate: "2020-01-01T00:00:00.000" }]),
    );
    const [head, ...others] = entities.map((_, at) => this.id(ORGANISATION, ENTITY_NUMBERS[at]?.organisation ?? ""));
    // All base data belong to the first organisation and are allocated to the others.
    this.own = {
      FCreateOrgId: head ?? 0,
      FUseOrgId: head ?? 0,
      _allocated: Object.fromEntries(others.map((id) => [String(id), 1])),
    };
  }

  setup(closedThrough: string): void {
    this.add("BD_Currency", [
      ["PRE001", "人民币", { FCODE: "CNY", FAMOUNTDIGITS: 2 }],
      ["PRE007", "美元", { FCODE: "USD", FAMOUNTDIGITS: 2 }],
      ["PRE005", "日元", { FCODE: "JPY", FAMOUNTDIGITS: 0 }],
    ]);
    const [year = 0] = closedThrough.split("-").map(Number);
    this.add(
      "BD_AccountBook",
      ENTITY_NUMBERS.map(({ organisation, book }) => [
        book,
        `账簿${book}`,
        {
          FACCOUNTORGID: this.id(ORGANISATION, organisation),
          FCURRENCYID: this.id("BD_Currency", "PRE001"),
          FCURRENTYEAR: year + 1,
          FCURRENTPERIOD: 1,
          _closedThrough: closedThrough,
        },
      ]),
    );
    this.add("BD_VOUCHERGROUP", [
      ["PRE001", "记"],
      ["PRE002", "收"],
      ["PRE003", "付"],
      ["PRE004", "转"],
    ]);
    this.add("BD_RateType", [["HLTX01_SYS", "固定汇率"]]);
    this.add("BD_SETTLETYPE", [
      ["JSFS01_SYS", "现金"],
      ["JSFS04_SYS", "电汇"],
    ]);
    this.add("BOS_BillType", [
      ["YFD02_SYS", "费用应付单", { FBILLFORMID: "AP_Payable" }],
      ["QTYFD01_SYS", "其他应付单", { FBILLFORMID: "AP_OtherPayable" }],
      ["FKDLX01_SYS", "采购付款单", { FBILLFORMID: "AP_PAYBILL" }],
      ["FKDLX02_SYS", "员工付款单", { FBILLFORMID: "AP_PAYBILL" }],
      ["FYBX001_SYS", "费用报销单", { FBILLFORMID: "ER_ExpReimbursement" }],
    ]);
    this.add("FA_ASSETTYPE", [
      ["ZCLB01", "电子设备"],
      ["ZCLB02", "办公家具"],
    ]);
    this.add("CN_BANKACNT", [
      ["ICBC-01", "工商银行基本户", this.own],
      ["CMB-01", "招商银行一般户", this.own],
    ]);
  }

  accounts(accounts: readonly SampleAccount[]): void {
    for (const account of accounts) this.add("BD_Account", [accountItem(account, this.id("BD_Account", account.parent ?? ""))]);
  }

  people({ departments, people }: SampleCompany): void {
    for (const { code, name, parent } of departments) {
      this.add("BD_Department", [[code, name, { ...this.own, FFullName: name, FParentID: this.id("BD_Department", parent ?? "") }]]);
    }
    this.add(
      "CB_COSTCENTER",
      departments.map(({ code, name, costCenter }) => [costCenter, name, { ...this.own, FDEPTID: this.id("BD_Department", code) }]),
    );
    this.add(
      "BD_Empinfo",
      people.map(({ number, name, phone, mail, department, bank, bankAccount }) => [
        number,
        name,
        { ...this.own, FMobile: phone, FEmail: mail, FPostDept: this.id("BD_Department", department) },
        [{ FOpenBankName: bank, FBankHolder: name, FBankCode: bankAccount, FIsDefault: true }],
      ]),
    );
  }

  parties({ suppliers, projects, feeTypes, assetTypes }: SampleCompany): void {
    const currency = this.id("BD_Currency", "PRE001");
    this.add(
      "BD_Supplier",
      suppliers.map(({ code, name, taxNumber, bank, bankAccount }) => [
        code,
        name,
        { ...this.own, FSOCIALCRECODE: taxNumber, FPayCurrencyId: currency },
        [{ FOpenBankName: bank, FBankHolder: name, FBankCode: bankAccount, FIsDefault: true }],
      ]),
    );
    this.add("BD_Customer", [
      ["C0001", "南京示例商贸有限公司", this.own],
      ["C0002", "宁波示例制造有限公司", this.own],
    ]);
    for (const { code, name, parent } of feeTypes) this.add("BD_Expense", [[code, name, { FGROUP: this.id("BD_Expense", parent ?? "") }]]);
    this.add(
      PROJECT_FORM,
      projects.map(({ code, name }) => [code, name, this.own]),
    );
    this.add(
      "BD_Expense",
      assetTypes.map(({ code, name }) => [code, name]),
    );
  }

  /** The months of the year before, of this one and of the next. */
  calendar(thisYear: number): void {
    const months = [thisYear - 1, thisYear, thisYear + 1].flatMap((year) =>
      Array.from({ length: 12 }, (_, at) => ({ year, month: at + 1 })),
    );
    const day = (year: number, month: number, of: number): string =>
      `${new Date(Date.UTC(year, month, of)).toISOString().slice(0, 10)}T00:00:00.000`;
    const rows = months.map(({ year, month }) => ({
      FPERIODYEAR: year,
      FPERIODNO: month,
      FPERIODSTARTDATE: day(year, month - 1, 1),
      FPERIODENDDATE: day(year, month, 0),
    }));
    this.add("BD_ACCOUNTCALENDAR", [["KJRL01_SYS", "系统预设会计日历", {}, rows]]);
  }

  private id(form: string, number: string): number {
    return this.ids.get(`${form} ${number}`) ?? 0;
  }

  private add(form: string, items: readonly Item[]): void {
    for (const [number, name, values = {}, rows = []] of items) {
      const id = addBase(this.books, form, { number, name, values, rows }, this.time);
      this.ids.set(`${form} ${number}`, id);
    }
  }
}

export interface BaseItem {
  readonly number: string;
  readonly name: string;
  readonly values: Values;
  /** Rows of its first entity. */
  readonly rows?: readonly Values[];
}

/** Puts an audited, usable item of base data in place and gives its id. */
export function addBase(books: Books, form: string, item: BaseItem, time: string): number {
  const known = books.forms.must(form).form;
  const id = books.nextId();
  const [entity] = known.entities;
  const rows: readonly Row[] = (item.rows ?? []).map((values) => ({ id: books.nextId(), values }));
  books.put(form, {
    id,
    values: {
      [known.number]: item.number,
      FName: item.name,
      FDocumentStatus: "C",
      FForbidStatus: "A",
      FCreateDate: time,
      FModifyDate: time,
      ...item.values,
    },
    entries: entity === undefined ? {} : { [entity.key]: rows },
  });
  return id;
}

function accountItem({ code, name, kind, isLeaf, dimension }: SampleAccount, parent: number): Item {
  const required = [...DIMENSIONS].filter(([, { title }]) => title === dimension).map(([key]) => key);
  return [code, name, { FFullName: name, FPARENTID: parent, FISDETAIL: isLeaf, FGROUPNAME: kind, ...dimensionValues(required) }];
}

/** Beside what it demands, an account of a department takes who and what for, and one of an employee takes the department. */
const MORE: Readonly<Record<string, readonly string[]>> = { FFLEX5: ["FFLEX7", "FFLEX9", "FF100002"], FFLEX7: ["FFLEX5"] };

/** The dimensions that an account demands, and those that it takes. */
export function dimensionValues(required: readonly string[]): Values {
  const takes = [...required, ...required.flatMap((key) => MORE[key] ?? [])];
  return { _required: Object.fromEntries(required.map((key) => [key, 1])), _takes: Object.fromEntries(takes.map((key) => [key, 1])) };
}
