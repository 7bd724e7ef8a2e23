/**
 * The board's only script, as the browser runs it: asks for the board again as soon as it has changed, and sends what a person
 * decides. It holds no state of its own; what is shown is made by the server from the run's facts.
 */
export const BOARD_SCRIPT = `
"use strict";
const main = document.querySelector("main");
const lamp = document.getElementById("live");
const here = location.pathname.replace(/\\/$/, "");
let tag = main.dataset.tag || "";
let isAsking = false;

async function refresh() {
  try {
    const answer = await fetch(here + "/main" + location.search, { headers: tag ? { "if-none-match": tag } : {}, cache: "no-store" });
    if (answer.status === 200) {
      tag = answer.headers.get("etag") || "";
      const open = new Set([...main.querySelectorAll("details[open]")].map((d) => d.id));
      const focused = document.activeElement && document.activeElement.id;
      main.innerHTML = await answer.text();
      for (const d of main.querySelectorAll("details")) if (open.has(d.id)) d.open = true;
      if (focused) document.getElementById(focused)?.focus();
    }
    lamp.textContent = answer.ok || answer.status === 304 ? "live" : "no answer (" + answer.status + ")";
    lamp.className = answer.ok || answer.status === 304 ? "live" : "lost";
  } catch {
    lamp.textContent = "no connection; what you see may be old";
    lamp.className = "lost";
  }
  if (!main.querySelector("[data-ended]")) setTimeout(refresh, 2000);
}

async function decide(button) {
  const { decision, step, target, mode, ask } = button.dataset;
  const note = prompt(ask || ("Why? (" + decision + ")"), "");
  if (note === null) return;
  button.disabled = true;
  const body = { decision };
  if (step) body.step = step;
  if (target) body.target = target;
  if (mode) body.mode = mode;
  if (note) body.note = note;
  const answer = await fetch(main.dataset.api + "/decisions" + location.search, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const said = document.getElementById("said");
  if (answer.ok) said.textContent = "Written down: " + decision + (step ? " " + step : "") + ".";
  else said.textContent = "Refused: " + ((await answer.json().catch(() => ({}))).detail || answer.status);
  button.disabled = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-decision]");
  if (button && !isAsking) {
    isAsking = true;
    decide(button).finally(() => { isAsking = false; });
  }
});
setTimeout(refresh, 2000);
`;
