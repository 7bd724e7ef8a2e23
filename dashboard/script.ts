import { MORPH_SCRIPT } from "./script-morph.ts";

/**
 * The board's only script, as the browser runs it: asks for the board again as soon as it has changed, asks a person for the reason
 * of what they decide and sends it, and finds steps. It holds no state of its own; what is shown is made by the server from the run's facts.
 */
export const BOARD_SCRIPT = `
"use strict";
${MORPH_SCRIPT}
const byId = (id) => document.getElementById(id);
const main = byId("main");
const lamp = byId("live");
const lost = byId("lost");
const here = location.pathname.replace(/\\/$/, "");
const QUICK_MS = 2000, SLOW_MS = 15000, PATIENCE_MS = 20000, SAID_MS = 15000;
let tag = main.dataset.tag || "";
let failures = 0;
let timer = 0;
let isPressed = false;
let saidTimer = 0;
document.documentElement.classList.add("js");

const verdictText = () => (byId("outcome") ? byId("outcome").textContent : "");
const clockText = () => (main.querySelector(".clock strong") ? main.querySelector(".clock strong").textContent : "");

async function refresh() {
  clearTimeout(timer);
  try {
    const answer = await fetch(here + "/main" + location.search, { headers: tag ? { "if-none-match": tag } : {}, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status === 200) take(await answer.text(), answer.headers.get("etag") || "");
    else if (answer.status !== 304) throw new Error(answer.status === 401 ? "you are signed out: load the page anew" : answer.status === 403 ? "you may not look any more" : "Nightshift answers " + answer.status);
    failures = 0;
    lost.hidden = true;
    lamp.textContent = "live";
    lamp.className = "live";
  } catch (error) {
    failures++;
    const why = error instanceof TypeError || error.name === "TimeoutError" ? "no connection" : error.message;
    const text = why[0].toUpperCase() + why.slice(1) + ". What you see is from " + clockText() + ", and may be old.";
    // One look that is lost on the way is no news.
    if (failures > 1 && lost.textContent !== text) lost.textContent = text;
    lost.hidden = failures < 2;
    lamp.textContent = why;
    lamp.className = "lost";
  }
  const isOver = main.querySelector("[data-ended]") !== null;
  if (!isOver || failures > 0) timer = setTimeout(refresh, document.hidden ? SLOW_MS : Math.min(SLOW_MS, QUICK_MS * 2 ** Math.min(failures, 3)));
}

/** Takes the board over in place: what is open, chosen, focused and in view stays so. Nothing moves under a finger that is down. */
function take(text, etag) {
  if (isPressed) return;
  tag = etag;
  const before = verdictText();
  const anchor = anchored();
  const fresh = document.createElement("main");
  fresh.innerHTML = text;
  morph(main, fresh);
  find();
  if (anchor) scrollBy(0, anchor.node.isConnected ? anchor.node.getBoundingClientRect().top - anchor.top : 0);
  document.title = byId("verdict").dataset.tab;
  if (verdictText() !== before) byId("news").textContent = verdictText();
}

/** What stands at the top of the window now, to be kept there. */
function anchored() {
  if (scrollY < 8) return undefined;
  for (const node of main.querySelectorAll("section, .card, .change, .steps > li")) {
    const { top, height } = node.getBoundingClientRect();
    if (node.id && height > 0 && top >= 0) return { node, top };
  }
  return undefined;
}

let choice;
function ask(button) {
  const { decision, about, says, why, shows } = button.dataset;
  const number = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16)).join("");
  // The same answer sent twice, since the first time nothing came back, is one.
  choice = { ...button.dataset, label: button.textContent, id: "board-" + number };
  byId("decide-head").textContent = button.textContent + (button.dataset.step ? ": " + about : "");
  byId("decide-says").textContent = says;
  const shown = shows && byId(shows);
  byId("decide-shown").replaceChildren(...(shown ? [...shown.cloneNode(true).childNodes] : []));
  byId("decide-label").hidden = byId("decide-note").hidden = why === "no";
  byId("decide-label").textContent = why === "needed" ? "Why? It stands in the report." : "A note, if you like";
  byId("decide-note").value = "";
  byId("decide-note").required = why === "needed";
  byId("decide-refused").textContent = "";
  const go = byId("decide-go");
  go.textContent = button.textContent;
  go.className = button.classList.contains("danger") ? "danger" : "main";
  go.disabled = false;
  byId("decide").showModal();
  byId(why === "no" ? "decide-go" : "decide-note").focus();
}

async function decide() {
  const { decision, step, target, mode, preview, amendment, digest, id, why, label, about } = choice;
  const note = byId("decide-note").value.trim();
  const refuse = (text) => { byId("decide-refused").textContent = text; };
  if (why === "needed" && note === "") {
    refuse("Say why, in a few words.");
    byId("decide-note").focus();
    return;
  }
  const go = byId("decide-go");
  go.disabled = true;
  refuse("");
  go.textContent = "Sending …";
  const isAbort = decision === "abort";
  const isAmendment = decision === "amend";
  const body = isAmendment ? { digest } : isAbort ? { mode, id } : { decision, id };
  if (!isAbort && !isAmendment) for (const [name, value] of Object.entries({ step, target, preview })) if (value) body[name] = value;
  if (note) body.note = note;
  try {
    const answer = await fetch(main.dataset.api + (isAmendment ? "/amendments/" + encodeURIComponent(amendment) + "/approve" : isAbort ? "/abort" : "/decisions") + location.search, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE_MS) });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) {
      byId("decide").close();
      byId("said").textContent = "Written down: " + decision + (step ? " " + step : "") + "." + (isAbort ? abortText(said) : "");
      byId("said").title = label + ": " + about;
      clearTimeout(saidTimer);
      saidTimer = setTimeout(() => { byId("said").textContent = ""; }, isAbort ? SAID_MS * 4 : SAID_MS);
      tag = "";
      void refresh();
    } else refuse("Refused: " + (said.detail || answer.status));
  } catch {
    refuse("No answer came. It may have been taken or not; press again to send the very same once more.");
  }
  go.disabled = false;
  go.textContent = label;
}

function abortText({ running = [], cannotBeInterrupted = [], willBePutBack = [] }) {
  const some = (names) => names.slice(0, 5).join("; ") + (names.length > 5 ? " and " + (names.length - 5) + " more" : "");
  return " " + (running.length === 0 ? "Nothing runs." : "Runs: " + some(running.map(({ title }) => title)) + ".") +
    (cannotBeInterrupted.length === 0 ? "" : " Cannot be interrupted: " + some(cannotBeInterrupted) + ".") +
    (willBePutBack.length === 0 ? "" : " Will be put back: " + some(willBePutBack) + ".");
}

/** Shows the changes and steps that hold all of the words, and unfolds them. */
function find() {
  const field = byId("find");
  if (!field) return;
  const words = field.value.trim().toLowerCase().split(/\\s+/).filter(Boolean);
  const has = (text) => words.every((word) => text.includes(word));
  let count = 0;
  for (const change of main.querySelectorAll("details.change")) {
    const steps = [...change.querySelectorAll(".steps > li")];
    const own = change.dataset.find;
    const found = steps.filter((step) => has(own + " " + step.dataset.find));
    const isFound = words.length === 0 || found.length > 0 || has(own);
    change.hidden = !isFound;
    for (const step of steps) step.hidden = words.length > 0 && found.length > 0 && !found.includes(step);
    if (words.length > 0) { change.open = isFound; count += found.length; change.dataset.byFind = ""; }
    else if ("byFind" in change.dataset) { change.open = false; delete change.dataset.byFind; }
  }
  for (const phase of main.querySelectorAll(".phase")) phase.hidden = !phase.querySelector("details.change:not([hidden])");
  byId("found").textContent = words.length === 0 ? "" : count === 1 ? "1 step" : count + " steps";
}

/** An address of a step leads to it, also where it is folded away. */
function reveal() {
  const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let node = target; node; node = node.parentElement) { if (node.localName === "details") node.open = true; node.hidden = false; }
  target.scrollIntoView({ block: "center" });
  if (target.tabIndex === -1) target.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-decision]");
  if (button) return ask(button);
  if (event.target.closest("#decide-go")) return void decide();
  if (event.target.closest("#decide-not")) return byId("decide").close();
  const bar = event.target.closest("[data-step-link]");
  if (bar) { location.hash = "step-" + bar.dataset.stepLink; return; }
  const link = event.target.closest("a[href]");
  if (!link) return;
  if (link.hash && link.pathname === location.pathname && link.hash === location.hash) reveal();
  // Whoever came in by the host's key goes on with it.
  else if (link.origin === location.origin && link.pathname.startsWith("/api/") && !link.search) link.search = location.search;
});
addEventListener("hashchange", reveal);
addEventListener("pointerdown", () => { isPressed = true; });
for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, () => { isPressed = false; });
document.addEventListener("input", (event) => { if (event.target.id === "find") find(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) void refresh(); });
addEventListener("online", () => void refresh());
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
  event.preventDefault();
  byId("find")?.focus();
});
reveal();
timer = setTimeout(refresh, QUICK_MS);
`;
