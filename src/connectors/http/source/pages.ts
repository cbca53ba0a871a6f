import { createHash } from "node:crypto";
import { refuseOption } from "../action.js";
import { compileAnswerPath, compileRule, type Reading, type Rule } from "../answer.js";
import { textOf } from "../json.js";
import { type Path, valueAt } from "../path.js";
import { failure, PageFault } from "./fault.js";
import { nextLink } from "./link-header.js";
import type { HttpSourceOptions, PagesOptions } from "./options.js";

/** What a request says about the page it asks for. */
export interface PageView {
  readonly page: number;
  readonly offset: number;
  readonly size: number | null;
  /** Null for the first page. */
  readonly cursor: string | null;
}

/** What the next page is asked with: the same request with other values, or another URL, as it stood in the answer. */
export type Next = { readonly view: PageView } | { readonly url: string };

/** A page that was read. */
export interface PageRead {
  readonly reading: Reading;
  /** What tells each of its records from others. */
  readonly marks: readonly string[];
}

/** How pages follow each other. */
export interface Paging {
  readonly size: number | null;
  readonly first: PageView;
  begin(): Walk;
}

/** One way through the pages of a unit. */
export interface Walk {
  /** How many records at the beginning of this page were on the page before. Throws PageFault when pages repeat, or moved. */
  repeated(page: PageRead): number;
  /** What follows the page; null behind the last one. Throws PageFault when nobody can tell. */
  next(page: PageRead): Next | null;
}

type By = Exclude<PagesOptions, string>;

/** Throws ProblemError for options that do not go together. */
export function compilePaging(options: PagesOptions, request: HttpSourceOptions["request"]): Paging {
  if (options === "none") {
    const first = { page: 1, offset: 0, size: null, cursor: null };
    return { size: null, first, begin: () => ({ repeated: () => 0, next: () => null }) };
  }
  checkPages(options, JSON.stringify(request));
  return new ManyPages(options);
}

const BY_COUNT = new Set(["page", "offset"]);

function checkPages(options: By, request: string): void {
  const { by, size, at, until, overlap, first } = options;
  const wrong = (found: string, hint: string): never => refuseOption("CONFIG_WRONG_VALUE", `\`pages\`: ${found}`, hint);
  const missing = (found: string, hint: string): never => refuseOption("CONFIG_MISSING_KEY", `\`pages\`: ${found}`, hint);
  const isCounted = BY_COUNT.has(by);
  const needed = isCounted || by === "cursor" ? `$.${by}` : null;
  if (needed !== null && !request.includes(needed))
    missing(`the request does not send \`${needed}\``, "without it every page is the first one: add it under `request.query`");
  if ((by === "cursor" || by === "url") !== (at !== undefined)) {
    if (at === undefined) missing(`\`by: ${by}\` needs \`at\``, "say where the answer holds it");
    wrong(`\`at\` does not go with \`by: ${by}\``, "leave it out");
  }
  if (by === "cursor" && first === undefined && request.includes("{$.cursor}"))
    missing(
      "the first page has no `$.cursor`, and it stands in braces",
      "write it alone, `cursor: $.cursor`, to leave it out; or give `first`",
    );
  if (first !== undefined && typeof first !== (isCounted ? "number" : "string"))
    wrong(`\`first\` is \`${first}\`, expected ${isCounted ? "a number" : "a text"}`, "correct it, or leave it out");
  if (by !== "cursor" && !isCounted && first !== undefined) wrong(`\`first\` does not go with \`by: ${by}\``, "leave it out");
  for (const key of ["until", "pages"] as const)
    if (!isCounted && options[key] !== undefined) wrong(`\`${key}\` does not go with \`by: ${by}\``, "leave it out");
  const ends = (["more", "total", "pages", "until"] as const).filter((key) => options[key] !== undefined);
  if (isCounted && ends.length > 1)
    wrong(`${ends.map((key) => `\`${key}\``).join(" and ")} both say which page is the last`, "keep the one that is surest");
  if (until === "short" && size === undefined) missing("`until: short` needs `size`", "a page is short when it has fewer records");
  if (overlap !== undefined && by !== "offset") wrong(`\`overlap\` does not go with \`by: ${by}\``, "leave it out");
  if (overlap !== undefined && size === undefined) missing("`overlap` needs `size`", "say how many records a page has");
  if (overlap !== undefined && overlap >= (size ?? 0)) wrong("`overlap` is not less than `size`", "give a smaller one");
  if (size === undefined && request.includes("$.size")) missing("the request sends `$.size`, and there is no `size`", "add it");
}

class ManyPages implements Paging {
  readonly size: number | null;
  readonly first: PageView;
  private readonly at: ((reading: Reading) => string | null) | null;
  private readonly more: Rule | null;
  private readonly total: Path | null;
  private readonly pages: Path | null;

  constructor(private readonly options: By) {
    const { by, size = null, first, at, more, total, pages } = options;
    this.size = size;
    this.first = {
      page: by === "page" && typeof first === "number" ? first : 1,
      offset: by === "offset" && typeof first === "number" ? first : 0,
      size,
      cursor: typeof first === "string" ? first : null,
    };
    this.at = by === "link" ? linkReader : at === undefined ? null : compilePlace(at, "pages.at");
    this.more = more === undefined ? null : compileRule(more, "pages.more");
    this.total = total === undefined ? null : compileAnswerPath(total, "pages.total");
    this.pages = pages === undefined ? null : compileAnswerPath(pages, "pages.pages");
  }

  begin(): Walk {
    return new PageWalk(this);
  }

  /** The next cursor or URL; null where there is none. */
  placeOf(reading: Reading): string | null {
    return this.at?.(reading) ?? null;
  }

  countAt(which: "total" | "pages", reading: Reading): number | null {
    const path = this[which];
    if (path === null) return null;
    const text = textOf(valueAt(path, reading)) ?? "";
    if (/^\d{1,15}$/.test(text)) return Number(text);
    return failure(`its answer has no number where \`pages.${which}\` says`, "correct the path, or leave it out", "SOURCE_FORMAT");
  }

  get has(): {
    readonly by: By["by"];
    readonly until: By["until"];
    readonly overlap: number;
    readonly most: number;
    readonly more: Rule | null;
  } {
    const { by, until, overlap = 0, most } = this.options;
    return { by, until, overlap, most, more: this.more };
  }
}

/** Remembers what was seen of a unit, so that a circle is noticed, and a list that moves. */
class PageWalk implements Walk {
  private view: PageView;
  private count = 0;
  private records = 0;
  /** Records of the page that was looked at last, that were not on the page before. */
  private fresh = 0;
  private total: number | null = null;
  private lastMark: string | null = null;
  private readonly seen = new Set<string>();

  constructor(private readonly paging: ManyPages) {
    this.view = paging.first;
  }

  repeated({ reading, marks }: PageRead): number {
    const { overlap, most } = this.paging.has;
    this.count += 1;
    if (this.count > most) failure(`it has more than ${most} pages`, "check how `pages` end; `pages.most` allows more");
    this.checkTotal(reading);
    const content = createHash("sha256").update(marks.join()).digest("base64");
    if (marks.length > 0 && this.seen.has(content))
      failure("it gives the same page twice", "check that the request sends the page, and that the path of the next cursor is right");
    this.seen.add(content);
    let repeated = 0;
    if (overlap > 0 && this.lastMark !== null) {
      repeated = marks.lastIndexOf(this.lastMark) + 1;
      if (repeated === 0)
        throw new PageFault("moved", "the list moved while it was read: the end of a page is not where the next one begins", MOVED);
    }
    this.fresh = marks.length - repeated;
    this.records += this.fresh;
    this.lastMark = marks.at(-1) ?? this.lastMark;
    return repeated;
  }

  next({ reading, marks }: PageRead): Next | null {
    const { by, overlap, more } = this.paging.has;
    const hasMore = more === null ? null : more.fits(reading);
    if (BY_COUNT.has(by)) {
      const { first } = this.paging;
      const offset = by === "offset" ? first.offset + this.records - overlap : 0;
      // A first page with no more records than overlap would be asked for again.
      if (this.isLastByCount(reading, marks.length, hasMore) || (overlap > 0 && offset <= this.view.offset)) return this.end();
      this.view = { ...this.view, page: this.view.page + 1, offset };
      return { view: this.view };
    }
    const place = hasMore === false ? null : this.paging.placeOf(reading);
    if (place === null) {
      if (hasMore === true)
        failure("there are more pages, and its answer does not say where the next one is", "correct `pages.at`", "SOURCE_FORMAT");
      return this.end();
    }
    if (this.seen.has(`at ${place}`)) failure("its pages go round in a circle: it names the same next page twice", "correct `pages.at`");
    this.seen.add(`at ${place}`);
    if (by !== "cursor") return { url: place };
    this.view = { ...this.view, cursor: place };
    return { view: this.view };
  }

  private isLastByCount(reading: Reading, count: number, hasMore: boolean | null): boolean {
    if (hasMore !== null) {
      if (hasMore && this.fresh === 0) failure("it says that there are more pages, and gives an empty one", "correct `pages.more`");
      return !hasMore;
    }
    const pages = this.paging.countAt("pages", reading);
    if (pages !== null) return this.count >= pages;
    if (this.total !== null && this.records >= this.total) return true;
    if (this.fresh === 0) return true;
    return this.paging.has.until === "short" && count < (this.paging.size ?? 0);
  }

  /** So many must have come as there are. */
  private end(): null {
    if (this.total !== null && this.records < this.total)
      failure(
        `it says that there are ${this.total} records, and gives ${this.records}`,
        "leave out `pages.total` if it counts what may not be seen; otherwise check `pages`",
      );
    return null;
  }

  private checkTotal(reading: Reading): void {
    const total = this.paging.countAt("total", reading);
    if (this.total !== null && total !== null && total !== this.total)
      throw new PageFault("moved", `the list changed while it was read: it had ${this.total} records, and then ${total}`, MOVED);
    this.total = total;
  }
}

const MOVED = "the next run reads it again; ask for what was changed before a fixed time (`$.until`), in the order of changes";

function linkReader({ headers }: Reading): string | null {
  const header = headers.get("link");
  return header === undefined ? null : nextLink(header);
}

function compilePlace(place: string | { readonly header: string }, where: string): (reading: Reading) => string | null {
  if (typeof place !== "string") {
    const name = place.header.toLowerCase();
    return ({ headers }) => headers.get(name)?.trim() || null;
  }
  const path = compileAnswerPath(place, where);
  const parent = { ...path, steps: path.steps.slice(0, -1) };
  return (reading) => {
    const value = valueAt(path, reading);
    // Where not even its surroundings are there, the path is wrong or the answer is another one: that is not the last page.
    if (value === undefined && valueAt(parent, reading) === undefined)
      failure(`its answer has nothing like \`${place}\``, `correct \`${where}\``, "SOURCE_FORMAT");
    if (value === undefined || value === null || value === false || value === "") return null;
    return textOf(value) ?? failure(`what stands at \`${place}\` is no text`, `correct \`${where}\``, "SOURCE_FORMAT");
  };
}
