import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { differentParts, drawingOf, hasChromium, hasFonts, openBrowser, SAME_STYLE, SCALE, storedDrawing } from "./browser.js";
import { aCreate, aDocument, aLine, pageOf, usualNight } from "./sample-plan.js";

const WIDTHS = [360, 768, 1280];
const LANGUAGES = ["en", "zh"] as const;

/** What runs in the page. The types of this project know no browser. */
const MEASURE = (scrolled: string): string => `({
  width: document.documentElement.scrollWidth,
  outside: [...document.querySelectorAll("h1, h2, h3, summary, caption, td, th, li, button, input, select")]
    .filter((each) => each.checkVisibility() && each.closest("${scrolled}") === null)
    .filter((each) => each.getBoundingClientRect().right > innerWidth || each.getBoundingClientRect().left < 0)
    .map((each) => each.outerHTML.slice(0, 120)),
})`;
const FOCUSED = `[document.activeElement.tagName, document.activeElement.id, document.activeElement.getAttribute("type") ?? ""].join(" ").trim()`;
/** Texts with a contrast below 4.5 to 1, reckoned as WCAG 2.2 says. */
const WEAK = `(() => {
  const numbers = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const part = (each) => (each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (element) => {
    if (element === null) return [255, 255, 255];
    const color = numbers(getComputedStyle(element).backgroundColor);
    return color.length === 4 && color[3] === 0 ? ground(element.parentElement) : color;
  };
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.checkVisibility() && [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ""))
    .map((each) => {
      const [a, b] = [light(numbers(getComputedStyle(each).color)), light(ground(each))];
      return { text: each.outerHTML.slice(0, 80), contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    })
    .filter(({ contrast }) => contrast < 4.5);
})()`;
/** A script, a picture and a style that somebody puts into the page; what of them the policy refused. */
const INTRUDE = `new Promise((resolve) => {
  const directives = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    directives.push(event.effectiveDirective);
    if (directives.length === 3) resolve(directives.sort());
  });
  const script = document.createElement("script");
  script.textContent = "document.title = 'run'";
  const image = document.createElement("img");
  image.src = "http://127.0.0.1:9/pixel";
  document.body.append(script, image);
  document.body.setAttribute("style", "display: none");
})`;

const title = hasChromium ? "the page in Chromium" : "the page in Chromium (skipped: needs /usr/bin/chromium)";

describe.skipIf(!hasChromium)(title, () => {
  let browser: Browser;
  const files = new Map<string, string>();

  beforeAll(async () => {
    browser = await openBrowser();
    const folder = mkdtempSync(join(tmpdir(), "sync-page-"));
    const long = "verylongwordwithoutanyblank".repeat(12);
    const wide = aDocument({
      key: `BX${long}`,
      text: long,
      lines: [aLine({ account: long, text: long, amountMinor: -123_456_789_012_345_678n })],
    });
    const night = usualNight();
    const samples = {
      ...Object.fromEntries(LANGUAGES.map((language) => [language, night])),
      wide: { ...night, changes: [...(night.changes ?? []), aCreate(wide)] },
    };
    const hostile = aDocument({
      text: `</script><script>document.title = "run"</script><img src="http://127.0.0.1:9/" onerror="document.title = 'run'">`,
    });
    for (const [name, sample] of Object.entries({ ...samples, hostile: { changes: [aCreate(hostile)] } })) {
      const file = join(folder, `${name}.html`);
      writeFileSync(file, await pageOf(sample, name === "zh" ? "zh" : "en"));
      files.set(name, pathToFileURL(file).href);
    }
  }, 120_000);

  afterAll(async () => browser?.close());

  /** What the browser asked for beside the page, or complained about, goes into `noise`. */
  async function open(
    name: string,
    options: { width?: number; javaScriptEnabled?: boolean; bypassCSP?: boolean; deviceScaleFactor?: number } = {},
    noise: string[] = [],
  ): Promise<Page> {
    const { width = 768, ...others } = options;
    const context = await browser.newContext({ viewport: { width, height: 900 }, locale: "en-US", ...others });
    const page = await context.newPage();
    const address = files.get(name) as string;
    page.on("request", (request) => {
      if (request.url() !== address) noise.push(request.url());
    });
    page.on("console", (message) => noise.push(message.text()));
    page.on("pageerror", (error) => noise.push(error.message));
    await page.goto(address);
    return page;
  }

  test.each(["en", "zh", "wide"].flatMap((name) => WIDTHS.map((width) => [name, width] as const)))(
    "%s fits into %i pixels, closed and opened, without a scroll bar at the bottom",
    async (name, width) => {
      const noise: string[] = [];
      const page = await open(name, { width }, noise);
      const measure = (): Promise<unknown> => page.evaluate(MEASURE(name === "wide" ? ".wide, details > div" : ".wide"));
      expect(await measure()).toEqual({ width, outside: [] });
      await page.click("#filter-open");
      expect(await measure()).toEqual({ width, outside: [] });
      expect(noise).toEqual([]);
      await page.context().close();
    },
  );

  test.each(LANGUAGES)("every heading is to be seen, and every text has enough contrast: %s", async (name) => {
    const page = await open(name);
    await page.click("#filter-open");
    const weak = await page.evaluate(WEAK);
    expect(weak).toEqual([]);
    for (const heading of await page.locator("h1, h2, h3").all()) expect(await heading.isVisible()).toBe(true);
    await page.context().close();
  });

  test("documents are found by text, by amount without its commas, by account and by kind", async () => {
    const page = await open("en");
    const found = (): Promise<string[]> => page.locator("details[data-k]:visible summary b").allInnerTexts();
    const said = (): Promise<string | null> => page.locator("#filter-found").textContent();
    expect(await said()).toBe("9 of 9 shown");
    await page.fill("#filter-text", "bx26110002");
    await expect.poll(said).toBe("1 of 9 shown");
    expect(await found()).toEqual(["BX26110002"]);
    expect(await page.locator("h3#create").isVisible()).toBe(false);
    await page.fill("#filter-text", "打车费");
    await page.locator(".waits:visible").waitFor();
    expect(await said()).toBe("1 of 9 shown");
    await page.click("button[type=reset]");
    await expect.poll(said).toBe("9 of 9 shown");
    await page.uncheck("input[value=create]");
    await page.uncheck("input[value=waiting]");
    expect(await found()).toEqual(["BX26090004", "BX26110002", "BX26100091"]);
    await page.selectOption("#filter-account", "660201");
    expect(await said()).toBe("3 of 9 shown");
    await page.context().close();
  });

  test("with the keyboard alone one gets to everything, and opens a document", async () => {
    const page = await open("en");
    const reached = new Set<string>();
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(FOCUSED));
    }
    for (const each of [
      "A",
      "INPUT filter-text search",
      "SELECT filter-account",
      "INPUT  checkbox",
      "BUTTON filter-open button",
      "BUTTON  reset",
      "SUMMARY",
    ])
      expect([...reached], each).toContain(each);
    await page.locator("details[data-k=replace] summary").focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("details[data-k=replace] table.diff").isVisible()).toBe(true);
    await page.context().close();
  });

  test("without script it is a plain page, and on paper every document is open", async () => {
    const page = await open("en", { javaScriptEnabled: false });
    expect(await page.locator("#filter").isVisible()).toBe(false);
    expect(await page.locator("details[data-k=replace] table.diff").isVisible()).toBe(false);
    await page.emulateMedia({ media: "print" });
    for (const table of await page.locator("details table").all()) expect((await table.boundingBox())?.height).toBeGreaterThan(20);
    expect(await page.locator("nav").isVisible()).toBe(false);
    // A browser repeats the foot of a table on each sheet, where it would look like the total of that sheet.
    expect(await page.evaluate(`getComputedStyle(document.querySelector("tfoot")).display`)).toBe("table-row-group");
    await page.context().close();
  });

  test("printing opens what is shown, and closes it again", async () => {
    const page = await open("en");
    await page.uncheck("input[value=create]");
    const opened = (): Promise<number> => page.locator("details[open]").count();
    await page.evaluate(`dispatchEvent(new Event("beforeprint"))`);
    expect(await opened()).toBe(3);
    await page.evaluate(`dispatchEvent(new Event("afterprint"))`);
    expect(await opened()).toBe(0);
    await page.context().close();
  });

  test("markup in a claim is text: nothing runs, nothing is loaded", async () => {
    const noise: string[] = [];
    const page = await open("hostile", {}, noise);
    await page.click("#filter-open");
    expect(await page.title()).toContain("已审批报销单");
    expect(await page.locator("summary .text").innerText()).toContain(`<script>document.title = "run"</script><img src=`);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  test("its policy holds: what is put into the page afterwards does not run and loads nothing", async () => {
    const page = await open("en");
    const refused = await page.evaluate(INTRUDE);
    expect(refused).toEqual(["img-src", "script-src-elem", "style-src-attr"]);
    expect(await page.title()).not.toBe("run");
    await page.context().close();
  });

  describe.skipIf(!hasFonts)(hasFonts ? "drawn" : "drawn (skipped: needs the fonts DejaVu Sans and WenQuanYi Micro Hei)", () => {
    async function openToDraw(name: string, width: number): Promise<Page> {
      const page = await open(name, { width, bypassCSP: true, deviceScaleFactor: SCALE });
      await page.addStyleTag({ content: SAME_STYLE });
      await page.click("details[data-k=replace] summary");
      return page;
    }

    test.each(LANGUAGES.flatMap((name) => WIDTHS.map((width) => [name, width] as const)))(
      "%s looks as it did, part by part, at %i pixels",
      async (name, width) => {
        const page = await openToDraw(name, width);
        const drawing = await drawingOf(page);
        expect(differentParts(storedDrawing(`${name}-${width}`, drawing), drawing)).toEqual([]);
        await page.context().close();
      },
    );

    test.each([
      ["bars that are not drawn", "rect { display: none }", ["amounts"]],
      ["columns that are gone", ".n { display: none }", ["summary", "amounts"]],
      ["lines over each other", "* { line-height: .6 !important }", ["header", "will", "waiting", "documents"]],
    ])("%s would be noticed", async (_, content, parts) => {
      const page = await openToDraw("en", 768);
      const whole = await drawingOf(page);
      await page.addStyleTag({ content });
      const noticed = differentParts(whole, await drawingOf(page)).map((part) => part.split(":")[0]);
      expect(noticed).toEqual(expect.arrayContaining(parts));
      await page.context().close();
    });
  });
});
