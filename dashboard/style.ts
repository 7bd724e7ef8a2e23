import { REPORT_STYLE } from "../shared/run/report-style.ts";

/** The board looks like the report, with what a wall and a phone at night need besides. */
export const BOARD_STYLE = `${REPORT_STYLE}
main, header, footer { max-width: 84rem; }
.top { display: flex; flex-wrap: wrap; gap: 0.4rem 1.4rem; align-items: baseline; justify-content: space-between; }
.clock { font-size: 1.35rem; font-weight: 650; }
.clock .small { font-weight: 400; }
.live { color: var(--done); } .live::before { content: "● "; }
.lost { color: var(--failed); font-weight: 650; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.7rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 0.55rem 0.8rem; margin: 0; }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.2; }
.tiles .badly b { color: var(--failed); } .tiles .wary b { color: var(--skipped); } .tiles .busy b { color: var(--running); } .tiles .well b { color: var(--done); }
.board { columns: 3 21rem; column-gap: 1.8rem; }
.board > section { break-inside: avoid; }
.board h2 { margin-top: 1.2rem; }
.card { border: 1px solid var(--line); border-left: 4px solid var(--line); background: var(--panel); border-radius: 4px; padding: 0.55rem 0.8rem; margin: 0.5rem 0; }
.card.asked { border-left-color: var(--skipped-fill); } .card.failed { border-left-color: var(--failed-fill); } .card.running { border-left-color: var(--running-fill); } .card.open { border-left-color: var(--unknown-fill); }
.card p { margin: 0.2rem 0; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.45rem; margin-top: 0.5rem; }
button { font: inherit; font-size: 0.9rem; padding: 0.3rem 0.8rem; border-radius: 4px; border: 1px solid var(--line); background: var(--soft); color: var(--ink); cursor: pointer; min-height: 2.1rem; }
button:hover { border-color: var(--muted); } button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
button.main { border-color: var(--link); color: var(--link); font-weight: 600; }
button.danger { border-color: var(--failed); color: var(--failed); }
.bar { height: 0.45rem; background: var(--soft); border-radius: 3px; overflow: hidden; display: flex; }
.bar i { display: block; height: 100%; }
.bar .well { background: var(--done-fill); } .bar .badly { background: var(--failed-fill); } .bar .wary { background: var(--skipped-fill); } .bar .busy { background: var(--running-fill); }
#said { min-height: 1.5em; }
@media (max-width: 480px) { .clock { font-size: 1.1rem; } }
@media print { button, #said, .live, .lost { display: none; } }
`;
