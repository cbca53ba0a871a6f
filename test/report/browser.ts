import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pixelmatch from "pixelmatch";
import { type Browser, chromium } from "playwright-core";
import { PNG } from "pngjs";

/** Where Debian's packages put it. */
const PROGRAM = "/usr/bin/chromium";
const FONTS = ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"];

export const hasChromium = existsSync(PROGRAM);
/** Text is as wide everywhere only where it is drawn with the same fonts. */
export const hasFonts = FONTS.every((file) => existsSync(file));
/** The same letters everywhere; and what is off the screen is drawn too, which the page leaves to the browser. */
export const SAME_STYLE = `* { font-family: "DejaVu Sans", "WenQuanYi Micro Hei" !important; } details[data-k] { content-visibility: visible !important; }`;

export function openBrowser(): Promise<Browser> {
  // As root, as in a container, its sandbox cannot be had; the only page it sees is ours.
  return chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none"] });
}

/**
 * The share of pixels by which a picture differs from the stored one of its name. They are stored in shades of gray, which takes a third of the
 * room; `SYNC_TEST_SCREENS=write` stores them anew.
 */
export function differenceToStored(name: string, picture: Buffer): number {
  const file = fileURLToPath(new URL(`screens/${name}.png`, import.meta.url));
  const gray = PNG.sync.write(PNG.sync.read(picture), { colorType: 0, deflateLevel: 9 });
  if (process.env["SYNC_TEST_SCREENS"] === "write") writeFileSync(file, gray);
  const [stored, taken] = [PNG.sync.read(readFileSync(file)), PNG.sync.read(gray)];
  if (stored.width !== taken.width) return 1;
  const [height, highest] = [Math.min(stored.height, taken.height), Math.max(stored.height, taken.height)];
  const part = ({ data }: PNG): Buffer => data.subarray(0, 4 * stored.width * height);
  const different = pixelmatch(part(stored), part(taken), undefined, stored.width, height, { threshold: 0.2 });
  return different / (stored.width * height) + (highest - height) / highest;
}
