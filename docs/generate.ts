import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { renderPages } from "./pages.js";

const root = fileURLToPath(new URL("..", import.meta.url));
for (const [path, text] of await renderPages()) writeFileSync(`${root}${path}`, text);
