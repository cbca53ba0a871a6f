/**
 * How the page looks. Text on its ground has a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3). What differs in colour differs in a word, a sign or
 * a pattern too.
 */
export const PAGE_STYLE = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: #fff; color: #1b1f24; font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; overflow-wrap: anywhere; }
[hidden] { display: none !important; }
h1 { margin: .25rem 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2rem 0 .5rem; padding-top: .5rem; border-top: 2px solid #1b1f24; font-size: 1.25rem; }
h3 { margin: 1.25rem 0 .25rem; font-size: 1.05rem; }
p, ul { margin: .4rem 0; }
ul { padding-left: 1.25rem; }
a { color: #0b4f9e; }
:focus-visible { outline: 3px solid #0b4f9e; outline-offset: 2px; }
code { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; font-size: .9em; background: #eef1f4; padding: 0 .2em; border-radius: 3px; }
.state { margin: 0 0 .5rem; padding: .5rem .75rem; border-left: .4rem solid #0b4f9e; background: #eef1f4; }
.pipeline, .note, .legend, caption, small { color: #4a525b; }
.pipeline { margin: 0 0 .5rem; }
dl { display: grid; gap: 0 1.5rem; margin: .5rem 0; }
dl div { display: grid; grid-template-columns: 8.5rem 1fr; gap: .5rem; padding: .15rem 0; border-bottom: 1px solid #dde1e6; }
dt { color: #4a525b; }
dd { margin: 0; min-width: 0; }
.hash b { font-size: 1.1em; }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; list-style: none; padding: 0; }
table { border-collapse: collapse; width: 100%; margin: .25rem 0 .75rem; }
caption { text-align: left; font-size: .9rem; padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #dde1e6; font-weight: normal; }
thead th { border-bottom: 1px solid #4a525b; font-weight: 600; }
tfoot th, tfoot td { border-bottom: 3px double #4a525b; font-weight: 600; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th.n, td.n { padding-right: 0; padding-left: 1.2rem; }
tr.total th, tr.total td { border-bottom: 3px double #4a525b; font-weight: 600; }
ul + ul { margin-top: .8rem; }
.wide, details > div { overflow-x: auto; }
.figures th.n { white-space: normal; }
.figures th:first-child, .lines td:not(.n):not(.k) { min-width: 6rem; }
.sign { display: inline-block; min-width: 1em; text-align: center; font-weight: 700; font-family: ui-monospace, Menlo, Consolas, monospace; }
.sums th:first-child { width: 100%; min-width: 6rem; }
.sums th div { display: grid; grid-template-columns: 14rem 1fr; gap: .5rem; align-items: center; }
.sums svg { display: block; width: 100%; height: 1.3rem; }
.sums path { stroke: #4a525b; stroke-width: 1; vector-effect: non-scaling-stroke; }
rect.d { fill: #0b4f9e; }
rect.c { fill: #fff; stroke: #8a3a00; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.key { width: 1.5rem; height: .75rem; vertical-align: baseline; }
form { margin: 1.5rem 0 0; padding: .5rem .75rem; border: 1px solid #8a929b; border-radius: 4px; }
form label { display: inline-block; margin-right: 1rem; }
fieldset { border: 0; margin: 0; padding: 0; }
legend { padding: 0; font-weight: 600; }
input, select, button { font: inherit; color: inherit; }
input[type=search], select { max-width: 100%; padding: .15rem .4rem; border: 1px solid #6b737c; border-radius: 3px; background: #fff; }
input[type=search] { width: 18rem; }
input[type=checkbox] { width: 1.1em; height: 1.1em; vertical-align: -.15em; }
button { padding: .15rem .75rem; border: 1px solid #6b737c; border-radius: 3px; background: #eef1f4; cursor: pointer; }
output { font-weight: 600; margin-right: .5rem; }
.waits { list-style: none; padding: 0; }
.waits li { padding: .3rem 0; border-bottom: 1px solid #dde1e6; }
small { display: block; font-size: .875rem; }
details { border-bottom: 1px solid #dde1e6; }
details[data-k] { content-visibility: auto; contain-intrinsic-size: auto 2.2rem; }
summary { padding: .3rem 0; cursor: pointer; }
summary span { white-space: nowrap; font-variant-numeric: tabular-nums; }
summary .text { white-space: normal; color: #4a525b; }
summary .amount { font-weight: 600; }
summary > * { margin-right: .5rem; }
.k { display: inline-block; min-width: 6.5rem; }
details > div { padding: 0 0 .5rem 1.1rem; }
.why { border-left: .3rem solid #8a3a00; padding-left: .6rem; }
.lines .n { width: 8.5rem; }
.lines .k { display: table-cell; min-width: 0; width: 7rem; }
.n del, .n ins { display: block; }
tr.removed td, del { color: #8a1c1c; }
tr.added td, ins { color: #0a5a2a; }
tr.changed { background: #fdf6e3; }
del, ins { text-decoration: none; font-weight: 600; }
footer { margin-top: 2rem; border-top: 1px solid #dde1e6; color: #4a525b; font-size: .875rem; }
@media (min-width: 60rem) {
  dl { grid-template-columns: 1fr 1fr; }
  .sums th div { grid-template-columns: 18rem 1fr; }
  summary b { display: inline-block; min-width: 8rem; }
  summary .amount { display: inline-block; min-width: 9.5rem; text-align: right; }
}
@media (max-width: 36rem) {
  body { padding: .75rem; }
  dl div { grid-template-columns: 1fr; gap: 0; }
  .sums th div { grid-template-columns: 1fr; gap: 0; }
  .sums svg { height: 1rem; }
  .n { font-size: .875rem; }
  th.n, td.n { padding-left: .5rem; }
  .figures .n { white-space: normal; }
  .figures th { font-size: .875rem; overflow-wrap: normal; }
  .figures th:first-child { min-width: 0; padding-right: 0; }
  .figures th:nth-child(2) { white-space: nowrap; }
  .k, .lines .k { min-width: 0; width: auto; }
  .lines th, .lines .k { overflow-wrap: normal; }
  .lines .k { white-space: nowrap; }
  details > div { padding-left: 0; }
  .lines .n { width: auto; }
  .lines td:not(.n):not(.k) { min-width: 5rem; }
  .n del, .n ins { white-space: normal; }
  input[type=search] { width: 100%; }
}
@media print {
  @page { margin: 15mm; }
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; }
  nav, form label, form legend, form button { display: none; }
  form { border: 0; padding: 0; }
  a { color: inherit; text-decoration: none; }
  details[data-k] { content-visibility: visible; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  summary { list-style: none; font-weight: 600; }
  tfoot { display: table-row-group; }
  details p, details table { margin: .1rem 0; }
  details th, details td { padding-top: .05rem; padding-bottom: .05rem; }
  .lines small { display: inline; margin-left: .5rem; }
  tr, summary, .waits li, dl div { break-inside: avoid; }
  h2, h3, caption, summary { break-after: avoid; }
  .state, code, tr.changed, .why { background: none; }
  rect.d { fill: #000; }
  rect.c { stroke: #000; }
}
`;
