/** The report's style sheet: one column, light and dark by the reader's preference, and paper. Nothing is loaded from elsewhere. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --bg: #f7f7f5; --panel: #ffffff; --ink: #1b2026; --muted: #59616b; --line: #dcdfe2; --soft: #eef0f0; --link: #1f5fa8;
  --done: #1f6b49; --already: #3c7a69; --dropped: #5a626b; --skipped: #8a5706; --failed: #b3261e; --unknown: #6a3fb0; --running: #1f5fa8; --waiting: #5a626b;
  --done-fill: #4a9a76; --already-fill: #9cc7b5; --dropped-fill: #b3b9c0; --skipped-fill: #e0a53a; --failed-fill: #d3483e; --unknown-fill: #9068d0; --running-fill: #4f8cc9; --waiting-fill: #c3c8cd;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #121518; --panel: #191d21; --ink: #e4e7ea; --muted: #a3abb4; --line: #2d333a; --soft: #20252a; --link: #8ab8ec;
    --done: #74c9a0; --already: #8fcab6; --dropped: #aab2ba; --skipped: #e6b25c; --failed: #ff8f85; --unknown: #c0a2f2; --running: #8ab8ec; --waiting: #aab2ba;
    --done-fill: #3f8f6b; --already-fill: #33594c; --dropped-fill: #565e67; --skipped-fill: #b17c1c; --failed-fill: #c8473d; --unknown-fill: #7d55c0; --running-fill: #3f7ab5; --waiting-fill: #434a52;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 0.6rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 0.85rem; margin: 1.4rem 0 0.5rem; color: var(--muted); font-weight: 600; }
h4 { font-size: 0.95rem; margin: 0; }
p { margin: 0.35rem 0; max-width: 78ch; }
ul { margin: 0.25rem 0; padding-left: 1.1rem; }
li { margin: 0.15rem 0; }
code { font: 0.86em ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: var(--soft); padding: 0.05em 0.3em; border-radius: 3px; overflow-wrap: anywhere; }
a { color: var(--link); }
.meta, .muted, .small { color: var(--muted); }
.small { font-size: 0.85rem; }
.skip-link { position: absolute; left: -999px; }
.skip-link:focus { left: 1rem; top: 0.5rem; background: var(--panel); padding: 0.3rem 0.6rem; }

.outcome { margin: 1.1rem 0 0; padding: 0.9rem 1.1rem 1rem; background: var(--panel); border: 1px solid var(--line); border-left: 5px solid var(--dropped); border-radius: 4px; }
.outcome.well { border-left-color: var(--done); }
.outcome.badly, .outcome.aborted { border-left-color: var(--failed); }
.outcome.running { border-left-color: var(--running); }
.outcome h2 { border: 0; margin: 0; padding: 0; font-size: 1.25rem; }
.outcome.well h2 { color: var(--done); }
.outcome.badly h2, .outcome.aborted h2 { color: var(--failed); }
.outcome.running h2 { color: var(--running); }
.outcome h2 .small { display: block; color: var(--muted); font-weight: 600; font-size: 0.8rem; }
.outcome .headline { font-size: 1.02rem; margin-bottom: 0.5rem; }

dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.1rem 1.5rem; margin: 1rem 0 0; padding: 0 0.1rem; }
dl.facts > div { padding: 0.35rem 0; border-top: 1px solid var(--line); }
dt { font-size: 0.78rem; color: var(--muted); }
dd { margin: 0; font-weight: 600; }
dd .small { font-weight: 400; }

.columns { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 2.2rem; }
.columns h2 { margin-top: 1.5rem; }
.plain { list-style: none; padding: 0; margin: 0; }
.plain > li { padding: 0.4rem 0; border-bottom: 1px solid var(--line); margin: 0; }
.plain > li:last-child { border-bottom: 0; }
.keys { font: 600 0.8rem ui-monospace, "SF Mono", Menlo, Consolas, monospace; color: var(--muted); }
.why { display: block; color: var(--muted); font-size: 0.88rem; }
.compact { columns: 3; column-gap: 2rem; font-size: 0.92rem; }
.compact > li { break-inside: avoid; border: 0; padding: 0.12rem 0; }
.asleep section:not(.outcome) > h2 { margin-top: 1.5rem; }
.asleep .why { max-width: 100ch; }
.tasks > li { padding-left: 1.5rem; position: relative; }
.tasks > li::before { content: ""; position: absolute; left: 0.1rem; top: 0.75rem; width: 0.75rem; height: 0.75rem; border: 1.5px solid var(--muted); border-radius: 2px; }
.tickets { font-size: 0.82rem; color: var(--muted); margin: 0.3rem 0 0; }

.state { font-weight: 600; white-space: nowrap; font-size: 0.88rem; }
.state.done { color: var(--done); } .state.already { color: var(--already); } .state.dropped { color: var(--dropped); } .state.skipped { color: var(--skipped); }
.state.failed { color: var(--failed); } .state.unknown { color: var(--unknown); } .state.running { color: var(--running); } .state.waiting { color: var(--waiting); }

table { border-collapse: collapse; width: 100%; font-size: 0.88rem; }
caption { text-align: left; color: var(--muted); font-size: 0.8rem; padding-bottom: 0.3rem; }
th { text-align: left; font-size: 0.76rem; font-weight: 600; color: var(--muted); padding: 0.2rem 0.8rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: bottom; }
td { padding: 0.35rem 0.8rem 0.35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > td { border-bottom: 0; }
tr.target > td { border-bottom-color: var(--soft); padding-top: 0.18rem; padding-bottom: 0.18rem; font-size: 0.84rem; }
tr.target > td:first-child { padding-left: 1.1rem; }
td.time { white-space: nowrap; }
td .utc { color: var(--muted); font-size: 0.78rem; }
.verb { font: 0.8rem ui-monospace, "SF Mono", Menlo, Consolas, monospace; color: var(--muted); }
.evidence, .faults { margin: 0.1rem 0 0; padding: 0; list-style: none; font-size: 0.82rem; color: var(--muted); max-width: 62ch; }
.faults { color: var(--failed); }

.change { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 0.85rem 1.1rem 0.6rem; margin: 0 0 0.8rem; }
.change:target, tr:target > td { background: var(--soft); }
.plain a, .contents .keys { color: inherit; } .plain a { text-decoration-color: var(--line); text-underline-offset: 0.18em; } .plain a:hover { text-decoration-color: currentColor; }
.contents { margin: 1.6rem 0 0; padding: 0.5rem 0; border: solid var(--line); border-width: 1px 0; font-size: 0.92rem; }
.contents ul { display: flex; flex-wrap: wrap; gap: 0 1.3rem; list-style: none; padding: 0; margin: 0; } .contents li { padding: 0.2rem 0; }
.of-steps { table-layout: fixed; } .of-steps th:first-child { width: 42%; } .of-steps.planned th:first-child { width: 27%; }
.of-steps th { width: 15%; } .of-steps th:nth-last-child(2) { width: 9%; } .of-steps th:last-child { width: 34%; }
.change > header { display: flex; gap: 0.2rem 0.9rem; flex-wrap: wrap; align-items: baseline; padding: 0; margin: 0; max-width: none; }
.change > header .state { margin-left: auto; }
.notes { font-size: 0.86rem; color: var(--muted); margin: 0.35rem 0 0.5rem; padding-left: 0.7rem; border-left: 2px solid var(--line); }

figure { margin: 0.8rem 0 0; padding: 0.6rem 0.4rem 0.3rem; background: var(--panel); border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
figcaption { font-size: 0.8rem; color: var(--muted); padding: 0.4rem 0.5rem 0.2rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 0.9rem; list-style: none; padding: 0; margin: 0 0 0.2rem; }
.legend li { margin: 0; }
.picture { display: block; width: 100%; height: auto; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
.picture text { fill: var(--ink); }
.picture .label { font-size: 11.5px; }
.picture .tick { fill: var(--muted); font-size: 11px; }
.picture .tick.middle { text-anchor: middle; }
.picture .phase { font-size: 11.5px; font-weight: 600; fill: var(--muted); }
.picture .grid { stroke: var(--line); stroke-width: 0.8; }
.picture .grid.day { stroke: var(--muted); }
.picture .phase-line { stroke: var(--line); }
.picture .zebra { fill: var(--soft); opacity: 0.55; }
.picture .fold { fill: var(--soft); }
.picture .planned { stroke: var(--ink); stroke-width: 1.6; fill: none; }
.picture .late { stroke: var(--muted); stroke-width: 1.2; stroke-dasharray: 2 2; }
.picture .hatch { stroke: var(--panel); stroke-width: 1.3; fill: none; }
.picture .ghost { fill: none; stroke: var(--muted); stroke-width: 1; stroke-dasharray: 3 2; }
.picture .ghost.critical { stroke: var(--running); stroke-width: 1.8; }
.picture .outline { fill: none; stroke: var(--ink); stroke-width: 0.7; }
.picture .no-return path { fill: var(--ink); }
.picture .no-return line { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 1.5 2.5; }
.picture .no-return text { font-size: 11px; font-weight: 600; }
.picture .word { font-size: 11px; font-weight: 600; }
.picture .mark line { stroke: var(--failed); stroke-width: 1; stroke-dasharray: 4 3; }
.picture .mark text { fill: var(--failed); font-size: 11px; font-weight: 600; }
.picture .mark.now line { stroke: var(--running); stroke-dasharray: none; }
.picture .mark.now text { fill: var(--running); }
.picture.narrow { display: none; }
.swatch { display: inline-block; width: 0.9em; height: 0.7em; border-radius: 2px; margin-right: 0.35em; }
.bar.done { fill: var(--done-fill); } .bar.already { fill: var(--already-fill); } .bar.dropped { fill: var(--dropped-fill); } .bar.skipped { fill: var(--skipped-fill); }
.bar.failed { fill: var(--failed-fill); } .bar.unknown { fill: var(--unknown-fill); } .bar.running { fill: var(--running-fill); } .bar.waiting { fill: var(--waiting-fill); }
.empty { fill: var(--panel); stroke-width: 1.6; stroke: var(--waiting); }
.empty.skipped { stroke: var(--skipped); } .empty.failed { stroke: var(--failed); } .empty.unknown { stroke: var(--unknown); } .empty.dropped { stroke: var(--dropped); }
.picture .word.skipped { fill: var(--skipped); } .picture .word.failed { fill: var(--failed); } .picture .word.unknown { fill: var(--unknown); } .picture .word.dropped { fill: var(--dropped); } .picture .word.running { fill: var(--running); } .picture .word.waiting { fill: var(--waiting); }
.swatch.done { background: var(--done-fill); } .swatch.already { background: var(--already-fill); } .swatch.dropped { background: var(--dropped-fill); } .swatch.skipped { background: var(--skipped-fill); }
.swatch.failed { background: var(--failed-fill); } .swatch.unknown { background: var(--unknown-fill); } .swatch.running { background: var(--running-fill); } .swatch.waiting { background: var(--waiting-fill); }

.timeline td { padding: 0.16rem 0.8rem 0.16rem 0; border-bottom: 0; }
.timeline .badly { color: var(--failed); }
.timeline .well { color: var(--done); }
.timeline tr.day > td { padding-top: 0.6rem; font-weight: 600; color: var(--muted); }
footer { padding-top: 1.5rem; padding-bottom: 2.5rem; color: var(--muted); font-size: 0.82rem; }

@media screen and (max-width: 46rem) {
  body { font-size: 14.5px; }
  main, header, footer { padding-left: 0.9rem; padding-right: 0.9rem; }
  .columns, .compact { display: block; columns: 1; }
  .picture.wide { display: none; }
  .picture.narrow { display: block; }
  table, tbody, tr, td { display: block; width: 100%; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: 0.45rem 0; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; }
  td, tr.target > td { border: 0; padding: 0.05rem 0; }
  td:empty { display: none; }
  td.time { display: inline-block; width: auto; margin-right: 1rem; }
  td[data-label]:not(:empty)::before { content: attr(data-label) " "; color: var(--muted); font-size: 0.78rem; margin-right: 0.3rem; }
  .timeline tr { display: flex; gap: 0.7rem; padding: 0.12rem 0; border: 0; }
  .timeline td { width: auto; }
  .timeline td.time { flex: 0 0 auto; }
  .change > header .state { margin-left: 0; }
}
@media print {
  @page { margin: 13mm 12mm; }
  :root { --bg: #ffffff; font-size: 11.5px; }
  body { font-size: 11.5px; line-height: 1.36; }
  main, header, footer { max-width: none; padding: 0; }
  header { padding-top: 0; }
  h2 { margin-top: 1.1rem; }
  h2, h3, h4 { break-after: avoid; }
  .change, .outcome, figure, tr, li { break-inside: avoid; }
  .change { padding: 0.4rem 0.7rem 0.2rem; }
  .asleep { break-after: page; }
  .asleep section:not(.outcome) > h2 { margin-top: 0.8rem; }
  .asleep .why { font-size: 0.84rem; line-height: 1.28; }
  .skip-link, .contents { display: none; }
  .plain a { text-decoration: none; }
  .picture .word, .picture .mark text { fill: #000000; }
  .picture .mark line { stroke: #000000; }
  .bar, .swatch, .zebra, .fold { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
