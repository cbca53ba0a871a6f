import type { PageWords, ReportLanguage } from "./page-words.js";
import { ENGLISH } from "./words-en.js";
import { CHINESE } from "./words-zh.js";

export function pageWords(language: ReportLanguage): PageWords {
  return language === "zh" ? CHINESE : ENGLISH;
}
