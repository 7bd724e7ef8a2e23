import { REPORT_STYLE } from "../shared/run/report-style.ts";

/** The board looks like the report, with what a wall and a phone at night need besides. */
export const BOARD_STYLE = `${REPORT_STYLE}
html { scroll-padding-top: 1rem; }
main, header, footer { max-width: 88rem; overflow-wrap: anywhere; }
h1 { font-size: 1.15rem; }
h2 { margin-top: 1.5rem; }
h3 { font-size: 1rem; color: var(--ink); margin: 0; }
h3 a, .plain a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: 0.18em; }
.small a { color: var(--link); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.head { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; align-items: baseline; padding-top: 1rem; }
.head p { margin: 0; } .head nav { display: flex; gap: 1.2rem; } .head .live, .head .lost { margin-left: auto; }
.head nav a { display: inline-block; padding: 0.35rem 0; }
.live { color: var(--done); } .live::before { content: "● "; }
.head .lost { color: var(--failed); font-weight: 650; }
div.lost, noscript .lost { width: calc(100% - 1.8rem); max-width: 85.5rem; margin: 0.6rem auto 0; padding: 0.6rem 1rem; border: 2px solid var(--failed); border-radius: 4px; color: var(--failed); font-weight: 600; background: var(--panel); }
.late, .warn { color: var(--failed); } .warn { font-weight: 600; }

.verdict { margin: 0.6rem 0 0; padding: 0.8rem 1.1rem 0.9rem; background: var(--panel); border: 1px solid var(--line); border-left: 8px solid var(--tone); border-radius: 4px; --tone: var(--dropped); }
.verdict.well { --tone: var(--done); } .verdict.badly { --tone: var(--failed); } .verdict.wary { --tone: var(--skipped); } .verdict.busy { --tone: var(--running); }
.verdict h2 { border: 0; margin: 0; padding: 0; font-size: 1.7rem; line-height: 1.2; letter-spacing: -0.01em; color: var(--tone); overflow-wrap: anywhere; }
.verdict.plain h2 { color: var(--ink); }
.verdict .clock { float: right; margin: 0.15rem 0 0 1rem; text-align: right; }
.verdict .clock strong { font-size: 1.2rem; }
.verdict .line { font-size: 1.05rem; }
.verdict .expected { color: var(--muted); } .verdict .expected strong { color: var(--ink); }
.share { height: 0.6rem; background: var(--soft); border-radius: 3px; overflow: hidden; display: flex; margin-top: 0.6rem; }
.share.thin { height: 0.3rem; margin-top: 0.3rem; }
.share i { display: block; height: 100%; }
.share .well, .dot.well { background: var(--done-fill); } .share .badly, .dot.badly { background: var(--failed-fill); } .share .busy, .dot.busy { background: var(--running-fill); } .share .plain, .dot.plain { background: var(--dropped-fill); } .share .left, .dot.left { background: var(--waiting-fill); }
.key { font-size: 0.88rem; color: var(--muted); } .dot { display: inline-block; width: 0.6em; height: 0.6em; border-radius: 50%; margin-right: 0.3em; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(3.6rem, 1fr)); gap: 0.35rem; margin: 0.7rem 0 0; padding: 0; list-style: none; max-width: 44rem; }
.tiles li { margin: 0; }
.tiles a, .tiles span { display: block; text-align: center; min-height: 3.2rem; padding: 0.25rem 0.1rem 0.35rem; background: var(--soft); border: 1px solid var(--line); border-radius: 4px; color: var(--ink); text-decoration: none; font-size: 0.82rem; overflow-wrap: normal; }
.tiles a { border-color: var(--muted); }
.tiles a:hover { border-color: var(--ink); }
.tiles b { display: block; font-size: 1.35rem; line-height: 1.25; }
.tiles .none { color: var(--muted); background: none; } .tiles .none b { font-weight: 400; }
.tiles .badly b { color: var(--failed); } .tiles .wary b { color: var(--skipped); } .tiles .busy b { color: var(--running); }

.board { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 0 2rem; align-items: start; }
.board > div { min-width: 0; }
.asks { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 0 1rem; } .asks h2 { grid-column: 1 / -1; }
.card { border: 1px solid var(--line); border-left: 5px solid var(--line); background: var(--panel); border-radius: 4px; padding: 0.6rem 0.9rem 0.65rem; margin: 0.55rem 0; }
.card p { margin: 0.2rem 0; }
.card h3 { overflow-wrap: anywhere; }
.card .why strong { color: var(--ink); } .card .why strong.late { color: var(--failed); }
.card.asked { border-left-color: var(--skipped-fill); } .card.failed { border-left-color: var(--failed-fill); } .card.unknown { border-left-color: var(--unknown-fill); } .card.running { border-left-color: var(--running-fill); } .card.open { border-left-color: var(--unknown-fill); }
.card.asked { border-color: var(--skipped-fill); } .asks h2 { color: var(--skipped); }
.kind { font-size: 0.88rem; color: var(--muted); } .kind strong { color: var(--ink); }
.lines { padding-left: 1.1rem; margin: 0.3rem 0; } .lines li { overflow-wrap: anywhere; }
.dots, .targets, .steps { list-style: none; padding: 0; margin: 0.35rem 0 0; }
.dots { display: flex; flex-wrap: wrap; gap: 0.15rem 0.9rem; font-size: 0.88rem; color: var(--muted); } .dots li { margin: 0; }
.dots .done, .dots .already { color: var(--done); } .dots .running { color: var(--running); font-weight: 600; } .dots .failed { color: var(--failed); font-weight: 600; } .dots .unknown { color: var(--unknown); font-weight: 600; } .dots .skipped { color: var(--skipped); }
.next > li { padding: 0.45rem 0; } .next .when { float: right; color: var(--muted); margin-left: 0.8rem; white-space: nowrap; }
.events > li { padding: 0.3rem 0; } .events time { font-weight: 600; } .events .badly, .events .badly a { color: var(--failed); } .events a { text-decoration: none; } .events a:hover { text-decoration: underline; }
.papers { display: flex; flex-wrap: wrap; gap: 0 1.2rem; list-style: none; padding: 0; } .papers a { display: inline-block; padding: 0.55rem 0; }

button, summary, .find input { min-height: 2.75rem; }
.buttons { display: none; flex-wrap: wrap; gap: 0.55rem; margin-top: 0.6rem; } .js .buttons { display: flex; }
button { font: inherit; padding: 0.4rem 1.1rem; border-radius: 4px; border: 1px solid var(--muted); background: var(--soft); color: var(--ink); cursor: pointer; touch-action: manipulation; }
button:hover { border-color: var(--ink); } button:disabled { opacity: 0.6; cursor: wait; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
button.main { background: var(--link); border-color: var(--link); color: var(--bg); font-weight: 650; }
button.danger { border-color: var(--failed); color: var(--failed); }
dialog button.danger { background: var(--failed); color: var(--bg); font-weight: 650; }
summary { cursor: pointer; padding: 0.55rem 0; }
.control { display: none; } .js .control { display: block; margin-top: 0.4rem; }
.control > summary { color: var(--muted); width: fit-content; text-decoration: underline; text-decoration-style: dotted; text-underline-offset: 0.2em; }
dialog { width: min(34rem, calc(100vw - 1.6rem)); max-height: calc(100dvh - 2rem); overflow: auto; border: 1px solid var(--muted); border-radius: 6px; background: var(--panel); color: var(--ink); padding: 1rem 1.2rem 1.2rem; }
dialog::backdrop { background: rgb(0 0 0 / 0.55); }
dialog h2 { margin: 0 0 0.4rem; border: 0; padding: 0; font-size: 1.2rem; overflow-wrap: anywhere; }
dialog label { display: block; margin-top: 0.7rem; font-weight: 600; } dialog .buttons { margin-top: 0.9rem; }
#decide-shown { border-left: 3px solid var(--line); padding-left: 0.8rem; max-height: 14rem; overflow: auto; } #decide-shown:empty { display: none; }
textarea, .find input { font: inherit; width: 100%; padding: 0.5rem 0.7rem; border: 1px solid var(--muted); border-radius: 4px; background: var(--bg); color: var(--ink); }
#said { position: sticky; bottom: 0.6rem; z-index: 1; max-width: 60rem; margin: 1rem auto; padding: 0.7rem 1rem; border: 1px solid var(--done); border-left-width: 6px; border-radius: 4px; background: var(--panel); } #said:empty { padding: 0; border: 0; margin: 0; }

.find { display: none; margin: 0.6rem 0; } .js .find { display: block; } .find label { display: block; font-size: 0.88rem; color: var(--muted); } .find input { max-width: 30rem; } #found { margin-left: 0.8rem; color: var(--muted); white-space: nowrap; }
.phase > h3 { color: var(--muted); font-size: 0.9rem; margin: 1rem 0 0.3rem; }
.change { padding: 0 0.9rem; margin: 0 0 0.4rem; } .change[open] { padding-bottom: 0.6rem; }
.change > summary { display: flex; flex-wrap: wrap; gap: 0.1rem 0.8rem; align-items: baseline; padding: 0.65rem 0; }
.change > summary .state { min-width: 6.2rem; } .change > summary .what { flex: 1 1 14rem; font-weight: 600; overflow-wrap: anywhere; }
.steps > li { padding: 0.5rem 0 0.5rem 0.2rem; border-top: 1px solid var(--line); margin: 0; overflow-wrap: anywhere; } .steps > li:target, .change:target, .card:target { background: var(--soft); outline: 2px solid var(--link); outline-offset: 2px; }
.steps .verb { display: block; }
[hidden] { display: none !important; }
.picture [data-step-link] { cursor: pointer; } .picture [data-step-link]:hover .label { text-decoration: underline; }
.windows td, .windows th { padding-top: 0.6rem; padding-bottom: 0.6rem; } .windows .title { font-weight: 600; } .windows .why { font-weight: 400; }
@media (max-width: 46rem) {
  .head { padding-top: 0.6rem; } .head h1 { order: 2; flex: 1 1 100%; font-size: 1.05rem; }
  .verdict { padding: 0.7rem 0.9rem 0.8rem; } .verdict h2 { font-size: 1.4rem; } .verdict .clock { float: none; text-align: left; margin: 0; } .verdict .clock strong { font-size: 1rem; }
   .card .buttons button { flex: 1 1 40%; }
  .next .when { float: none; display: block; margin: 0; font-size: 0.85rem; }
}
@media (prefers-reduced-motion: no-preference) { .share i { transition: width 0.4s; } .live::before { animation: breathe 3s ease-in-out infinite; } }
@keyframes breathe { 50% { opacity: 0.35; } }
@media print { .head nav, .buttons, .control, .find, #said, .live, .head .lost, .tiles, .papers { display: none !important; } .board { display: block; } .card, .verdict { break-inside: avoid; } .phase { break-inside: auto; } }
`;
