import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { PNG } from "pngjs";

/** Where Debian's packages put it. */
const PROGRAM = "/usr/bin/chromium";
const FONTS = ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"];

export const hasChromium = existsSync(PROGRAM);
/** Text is as wide everywhere only where it is drawn with the same fonts. These two have been the same for many years. */
export const hasFonts = FONTS.every((file) => existsSync(file));
/** The same letters everywhere; and what is off the screen is drawn too, which the page leaves to the browser. */
export const SAME_STYLE = `* { font-family: "DejaVu Sans", "WenQuanYi Micro Hei" !important; } details[data-k] { content-visibility: visible !important; }`;

export function openBrowser(): Promise<Browser> {
  // As root, as in a container, its sandbox cannot be had; the only page it sees is ours.
  return chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none"] });
}

/** Of pictures: pixels for each pixel of the page. */
export const SCALE = 0.5;
/** Pixels of a picture along a side of a square, which is about half a letter high and a letter wide. */
const SQUARE = 8;
/** Shades of a square: none is paper, the last is black. */
const SHADES = ".123456789abcdef";
/** Squares that differ by at least two shades, of those that hold something. One shade is how versions of the browser draw the edges of letters. */
const MOST_DIFFERENT = 0.1;

/** How dark the page is, square by square, for each of its parts: rows of shades. */
export type Drawing = Readonly<Record<string, readonly string[]>>;

/** What runs in the page. The types of this project know no browser. */
const PARTS = `[...document.querySelectorAll("header, nav, section, form, footer")].map((part) => {
  const { top, bottom } = part.getBoundingClientRect();
  return { name: part.getAttribute("aria-labelledby") ?? (part.id === "" ? part.localName : part.id), top: top + scrollY, bottom: bottom + scrollY };
})`;

/** Each part is measured from where it begins, so that one that became a little higher does not make all below it differ. */
export async function drawingOf(page: Page): Promise<Drawing> {
  const parts = (await page.evaluate(PARTS)) as { name: string; top: number; bottom: number }[];
  const picture = PNG.sync.read(await page.screenshot({ fullPage: true, animations: "disabled" }));
  return Object.fromEntries(
    parts.map(({ name, top, bottom }) => [name, shadesOf(picture, Math.round(top * SCALE), Math.round(bottom * SCALE))]),
  );
}

function shadesOf({ width, height, data }: PNG, top: number, bottom: number): string[] {
  const end = Math.min(bottom, height);
  const rows = Array.from({ length: Math.ceil((end - top) / SQUARE) }, (_, row) => top + row * SQUARE);
  return rows.map((y) => {
    const columns = Array.from({ length: Math.ceil(width / SQUARE) }, (_, column) => column * SQUARE);
    return columns.map((x) => shadeOf(data, width, [x, Math.min(x + SQUARE, width)], [y, Math.min(y + SQUARE, end)])).join("");
  });
}

function shadeOf(data: Buffer, width: number, [left, right]: [number, number], [top, bottom]: [number, number]): string {
  let light = 0;
  for (let y = top; y < bottom; y += 1)
    for (let x = left; x < right; x += 1) for (let color = 0; color < 3; color += 1) light += data[4 * (y * width + x) + color] as number;
  const mean = light / (3 * (right - left) * (bottom - top));
  return SHADES.charAt(Math.round((1 - mean / 255) * (SHADES.length - 1)));
}

/** The parts that do not look as before, each with the share of its squares that differ. */
export function differentParts(before: Drawing, after: Drawing): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const share = shareOfDifferent(before[name] ?? [], after[name] ?? []);
    return share > MOST_DIFFERENT ? [`${name}: ${Math.round(100 * share)} %`] : [];
  });
}

function shareOfDifferent(before: readonly string[], after: readonly string[]): number {
  let [filled, different] = [0, 0];
  for (let row = 0; row < Math.max(before.length, after.length); row += 1) {
    const [was, is] = [before[row] ?? "", after[row] ?? ""];
    for (let column = 0; column < Math.max(was.length, is.length); column += 1) {
      const shades = [was, is].map((line) => Math.max(0, SHADES.indexOf(line.charAt(column) || ".")));
      if (Math.max(...shades) > 1) filled += 1;
      if (Math.abs((shades[0] as number) - (shades[1] as number)) > 1) different += 1;
    }
  }
  return filled === 0 ? 0 : different / filled;
}

/** The drawing of a name as it was stored; `SYNC_TEST_SCREENS=write` stores this one first. */
export function storedDrawing(name: string, drawing: Drawing): Drawing {
  const file = fileURLToPath(new URL(`screens/${name}.txt`, import.meta.url));
  if (process.env["SYNC_TEST_SCREENS"] === "write") {
    const parts = Object.entries(drawing).map(([part, rows]) => `# ${part}\n${rows.map((row) => `${row}\n`).join("")}`);
    writeFileSync(file, parts.join(""));
  }
  const parts = readFileSync(file, "utf8").split(/^# /m).slice(1);
  return Object.fromEntries(
    parts.map((part): [string, string[]] => {
      const [title = "", ...rows] = part.trimEnd().split("\n");
      return [title, rows];
    }),
  );
}
