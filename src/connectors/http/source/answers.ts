import { leavesOpen } from "../../http.js";
import { compileAnswerPath, compileMessage, compileRule, type Reading, type Rule, type WhenOptions } from "../answer.js";
import { isList, isObject, type Json } from "../json.js";
import { wordsOfBody } from "../judge.js";
import { type Path, valueAt } from "../path.js";
import { isSuccess } from "../question.js";
import type { Redaction } from "../redaction.js";
import { failure, PageFault } from "./fault.js";
import type { RulesOptions } from "./options.js";
import { faultOf } from "./xml.js";

/** What an answer holds: records, perhaps none; or a request to ask later. */
export type Verdict =
  | { readonly kind: "records"; readonly records: readonly Json[] }
  | { readonly kind: "busy"; readonly words: string }
  | { readonly kind: "gone" };

export interface AnswerOptions {
  readonly records: string;
  readonly single: boolean;
  readonly rejected?: RulesOptions | undefined;
  /** What is asked for may not be there any more. */
  readonly gone?: WhenOptions;
  /** An answer without a body means that there are no records. */
  readonly mayBeBlank: boolean;
  readonly format: "json" | "xml";
}

interface CompiledRule {
  readonly rule: Rule;
  readonly means: "failure" | "busy" | "too much" | "no records";
  readonly message: ((reading: Reading) => string) | null;
}

/** Finds the records in an answer. What is not clearly an answer with records is an error, never "no records". */
export class PageJudge {
  private readonly records: Path;
  private readonly rules: readonly CompiledRule[];
  private readonly gone: Rule | null;

  /** `where` is the option that the options stand under, with its point; empty for the source itself. Throws ProblemError. */
  constructor(
    private readonly options: AnswerOptions,
    private readonly where: string,
    private readonly redaction: Redaction,
  ) {
    const { rejected = [], gone } = options;
    this.gone = gone === undefined ? null : compileRule(gone, `${where}gone`);
    this.records = compileAnswerPath(options.records, `${where}records`);
    this.rules = [rejected].flat().map(({ when, message, means }) => ({
      means,
      rule: compileRule(when, `${where}rejected.when`),
      message: message === undefined ? null : compileMessage(message, `${where}rejected.message`),
    }));
  }

  /** Throws PageFault for everything that is no answer with records. */
  judge(reading: Reading): Verdict {
    const { status } = reading;
    const applies = (rule: Rule): boolean => (rule.namesStatus || isSuccess(status)) && rule.fits(reading);
    if (this.gone !== null && applies(this.gone)) return { kind: "gone" };
    const found = this.rules.find(({ rule }) => applies(rule));
    if (found !== undefined) return this.byRule(found, reading);
    const fault = this.options.format === "xml" ? faultOf(reading.whole) : null;
    if (fault !== null)
      failure(
        `it answers with a SOAP fault${statusOf(reading)}${said(this.redaction.show(fault))}`,
        "correct the request, or say under `rejected` what it means",
      );
    if (!isSuccess(status)) throw this.byStatus(reading);
    if (reading.text.trim() === "") {
      if (this.options.mayBeBlank) return { kind: "records", records: [] };
      failure(
        `HTTP ${status}, and its answer is empty`,
        "if that means that there are no records, say `no_content: no records`",
        "SOURCE_FORMAT",
      );
    }
    if (reading.whole === undefined) throw this.notReadable(reading);
    return { kind: "records", records: this.recordsOf(reading) };
  }

  private byRule({ means, message }: CompiledRule, reading: Reading): Verdict {
    if (means === "no records") return { kind: "records", records: [] };
    const own = message?.(reading) ?? "";
    const words = own === "" ? wordsOfBody(reading, this.redaction) : this.redaction.show(own);
    if (means === "busy") return { kind: "busy", words };
    throw new PageFault(means, `it refuses${statusOf(reading)}${said(words)}`, "correct the request, or `rejected`");
  }

  private byStatus(reading: Reading): PageFault {
    const { status } = reading;
    const words = wordsOfBody(reading, this.redaction);
    const kind = status === 413 || status === 504 ? "too much" : "failure";
    const hint = leavesOpen(status)
      ? "nothing was taken from it; the next run reads it again"
      : "check the request, and the rights of the user; if this means that there are no records, say so under `rejected`";
    return new PageFault(kind, `it answers HTTP ${status}${said(words)}`, hint);
  }

  private notReadable(reading: Reading): PageFault {
    const name = this.options.format === "json" ? "JSON" : "XML";
    const words = wordsOfBody(reading, this.redaction);
    if (isWebPage(reading))
      return new PageFault(
        "failure",
        `it answers with a web page instead of ${name}${said(words)}`,
        "that is often a page to sign in on, or one of a proxy: check `url` and `auth` of the connection",
      );
    return new PageFault(
      "failure",
      `its answer is not ${name}, or is cut short${said(words)}`,
      "check `url` and the path",
      "SOURCE_FORMAT",
    );
  }

  private recordsOf(reading: Reading): readonly Json[] {
    const { single, format } = this.options;
    const value = valueAt(this.records, reading);
    if (value === undefined || value === null) return this.nothingThere(reading, value);
    if (isList(value)) {
      if (!single) return value;
      return failure(
        `what stands at \`${this.records.text}\` is a list, expected one record`,
        `leave out \`${this.where}single\``,
        "SOURCE_FORMAT",
      );
    }
    // Of XML nobody can see whether one element is alone because it is the only one.
    if (single || format === "xml") return [value];
    return failure(
      `what stands at \`${this.records.text}\` is no list`,
      `correct \`${this.where}records\`, or say \`single: true\` where there is one record`,
      "SOURCE_FORMAT",
    );
  }

  private nothingThere(reading: Reading, value: Json | undefined): readonly Json[] {
    const { steps } = this.records;
    const around = valueAt({ ...this.records, steps: steps.slice(0, -1) }, reading);
    // An XML list without elements is only its own, empty element.
    if (this.options.format === "xml" && value === undefined && around !== undefined && steps.length > 1) return [];
    const names = around !== undefined && around !== null && isObject(around) ? [...around.keys()].slice(0, 20) : [];
    const there = names.length === 0 ? "" : `; there is ${names.map((name) => `\`${this.redaction.show(name)}\``).join(", ")}`;
    const found = value === null ? "`null`" : "nothing";
    return failure(
      `its answer has ${found} at \`${this.records.text}\`, where the records should be${there}`,
      `correct \`${this.where}records\`; if this means that there are none, say so under \`${this.where}rejected\``,
      "SOURCE_FORMAT",
    );
  }
}

function statusOf({ status }: Reading): string {
  return isSuccess(status) ? "" : ` (HTTP ${status})`;
}

export function said(words: string): string {
  return words === "" ? "" : `: ${words}`;
}

function isWebPage({ text, headers }: Reading): boolean {
  return /^\s*<(!doctype html|html|head|body)\b/i.test(text) || /\bhtml\b/i.test(headers.get("content-type") ?? "");
}
