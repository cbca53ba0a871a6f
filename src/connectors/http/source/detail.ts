import pLimit from "p-limit";
import type { RawCell } from "../../contract.js";
import { FieldFault } from "../../files/fields.js";
import type { HttpCall } from "../../http.js";
import { writeJson } from "../json.js";
import type { Redaction } from "../redaction.js";
import { compileRequest, type Request } from "../request.js";
import { Unwritable } from "../template.js";
import { ITEM_SHAPE, type View } from "../view.js";
import { PageJudge } from "./answers.js";
import type { Caller } from "./caller.js";
import { PageFault } from "./fault.js";
import { fieldsOf, type RecordFields } from "./fields.js";
import type { DetailOptions } from "./options.js";
import type { Item } from "./records.js";
import { requestOptions } from "./request.js";
import type { Span } from "./spans.js";

const GONE = { status: [404, 410] };

export interface DetailContext {
  readonly caller: Caller;
  readonly redaction: Redaction;
  readonly host: string;
  readonly trim: boolean;
  readonly format: "json" | "xml";
}

/** The second call for each listed item. */
export class Detail {
  private readonly request: Request;
  private readonly judge: PageJudge;

  /** Throws ProblemError for options that cannot be used. */
  constructor(
    private readonly options: DetailOptions,
    private readonly context: DetailContext,
  ) {
    const { redaction, host, format } = context;
    const { records, single, rejected, gone = GONE } = options;
    this.request = compileRequest(requestOptions(options, format), { where: "detail", shape: ITEM_SHAPE, omitEmpty: true, host });
    this.judge = new PageJudge({ records, single, rejected, gone, mayBeBlank: false, format }, "detail.", redaction);
  }

  /** The items with what their details say, in the order of the list. Throws PageFault when one of them cannot be had. */
  async all(items: readonly Item[], span: Span): Promise<readonly Item[]> {
    const limit = pLimit(this.options.concurrency);
    let isOver = false;
    const asked = items.map((item) =>
      limit(async () => {
        // What is not asked yet need not be asked any more.
        if (isOver) return [];
        try {
          return await this.one(item, span);
        } catch (error) {
          isOver = true;
          throw error;
        }
      }),
    );
    const ended = await Promise.allSettled(asked);
    const failed = ended.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return ended.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
  }

  private async one(item: Item, { since, until }: Span): Promise<readonly Item[]> {
    if (item.fields === null) return [item];
    const call = this.callFor({ since, until, item: viewOf(item.fields) });
    if (typeof call === "string") return [{ ...item, fault: call }];
    const { caller, trim } = this.context;
    try {
      const { isGone, records } = await caller.ask(call, this.judge);
      if (isGone) return [{ ...item, fault: `${call.name}: its detail is not there any more` }];
      return records.map((record): Item => {
        const fields = fieldsOf(record, trim);
        return { fields: fields === null ? null : this.merged(fields, item.fields), text: writeJson(record) };
      });
    } catch (error) {
      if (!(error instanceof PageFault)) throw error;
      // The list is as long as it should be; what failed is one of its items.
      const kind = error.kind === "too much" ? "failure" : error.kind;
      throw new PageFault(kind, error.message, error.hint, error.code, call.name);
    }
  }

  /** A text says why it cannot be asked for. */
  private callFor(view: View): HttpCall | string {
    try {
      return this.request.fill(view);
    } catch (error) {
      if (error instanceof Unwritable) return error.message;
      throw error;
    }
  }

  private merged(fields: RecordFields, listed: RecordFields | null): RecordFields {
    if (!this.options.merge || listed === null) return fields;
    for (const [name, value] of listed) if (!fields.has(name)) fields.set(name, value);
    return fields;
  }
}

function viewOf(fields: RecordFields): { readonly [name: string]: View } {
  return Object.fromEntries([...fields].map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: RawCell | FieldFault): string | null {
  return value === null || value instanceof FieldFault ? null : String(value);
}
