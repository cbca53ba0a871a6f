import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PostItem, UpdateItem } from "../../src/connectors/contract.js";
import type { Document } from "../../src/model/document.js";
import type { PostOutcome } from "../../src/model/posting.js";
import { problem } from "../../src/model/problem.js";
import { SimTarget } from "./sim-target.js";
import { Workplace } from "./workplace.js";

/** Master data by code: it knows no keys of ours, and what is written twice is the same afterwards. */
class Register extends SimTarget {
  readonly rows = new Map<string, Document["fields"] & { readonly off?: string }>();
  lostAnswers = 0;

  constructor() {
    super();
    this.traits = { ...this.traits, deduplicates: true, quietMs: 0 };
    this.update = async (items: readonly UpdateItem[]) => items.map((item) => this.write(item, "update"));
  }

  override async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    return items.map((item) => this.write(item, "post"));
  }

  override async reverse(items: Parameters<SimTarget["reverse"]>[0]): Promise<readonly PostOutcome[]> {
    return items.map(({ posting: { document } }) => {
      this.log.push(`off ${document.key}`);
      this.rows.set(document.key, { ...document.fields, off: "yes" });
      return { kind: "created", reference: document.key };
    });
  }

  override async lookup(): Promise<null> {
    return null;
  }

  private write({ document }: PostItem, what: string): PostOutcome {
    this.log.push(`${what} ${document.key}`);
    this.rows.set(document.key, document.fields);
    if (this.lostAnswers > 0) {
      this.lostAnswers -= 1;
      return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", "no answer") };
    }
    return { kind: "created", reference: document.key };
  }
}

const ENTITY = `document:
  type: entity
  key: \${单号}
  when: \${状态 == "好"}
  header: { kind: department, code: "\${单号}", name: "\${科目}", disabled: "\${行 == \\"停\\"}", 定额: "\${text(金额)}" }`;

let place: Workplace;
let register: Register;
beforeEach(() => {
  place = new Workplace();
  register = new Register();
  place.target = register;
  place.document = ENTITY;
  place.source.key = "[单号]";
});
afterEach(() => {
  place.dispose();
});

describe("master data", () => {
  test("is made, written over when it changes, switched off when it is gone, and left alone when it is the same", async () => {
    place.targetExtra = "  gone: reverse";
    place.export("a", "D01,1,好,,0,Sales", "D02,停,好,,0,Old");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 2 }, totals: [] });
    expect(register.rows.get("D01")).toEqual({ kind: "department", code: "D01", name: "Sales", disabled: "false", 定额: "0" });
    expect(register.rows.get("D02")).toMatchObject({ disabled: "true" });

    place.export("b", "D01,1,好,,0,Sales and service", "D02,停,好,,0,Old");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0, replaced: 1, reversed: 0 } });
    expect(register.rows.get("D01")).toMatchObject({ name: "Sales and service" });

    place.export("c", "D01,1,坏,,0,Sales and service");
    expect((await place.run()).result.counts.reversed).toBe(1);
    expect(register.rows.get("D01")).toMatchObject({ off: "yes" });

    place.export("d", "D01,1,好,,0,Sales and service");
    await place.run();
    expect(register.rows.get("D01")).not.toHaveProperty("off");
    expect((await place.run()).result.counts.posted).toBe(0);
    expect(register.log).toEqual(["post D01", "post D02", "update D01", "off D01", "post D01"]);
  });

  test("is written again when the answer was lost, because the target cannot tell which version it holds", async () => {
    place.export("a", "D01,1,好,,0,Sales");
    await place.run();
    register.lostAnswers = 1;
    place.export("b", "D01,1,好,,0,Service");
    await place.run();
    expect((await place.run()).result).toMatchObject({ status: "done" });
    expect(register.log).toEqual(["post D01", "update D01", "update D01"]);
    expect(register.rows.get("D01")).toMatchObject({ name: "Service" });
  });

  test("is not overwritten where the pipeline says that changes wait", async () => {
    place.targetExtra = "  changed: hold";
    place.export("a", "D01,1,好,,0,Sales");
    await place.run();
    place.export("b", "D01,1,好,,0,Service");
    await place.run();
    expect(place.waiting()).toEqual(["D01 TARGET_CHANGED_HELD"]);
  });

  test("needs a target that can change it", async () => {
    delete register.update;
    place.export("a", "D01,1,好,,0,Sales");
    expect((await place.run()).result).toMatchObject({ status: "failed", problems: [{ code: "CONFIG_WRONG_VALUE" }] });
    expect(register.log).toEqual([]);
  });

  test("keeps what is wrong with one row from the others", async () => {
    place.export("a", "D01,1,好,,0,Sales", "D02,1,好,,zero,Service");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 1, waiting: 1 } });
  });
});
