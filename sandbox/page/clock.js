// The sandbox's clock in the top bar: shows it, moves it, stops it.
import * as api from "./api.js";
import { format, icon, instantOf, setZone, shortDayOf, wallTime } from "./dom.js";

const state = { at: Date.now(), seen: Date.now(), running: true, zone: "UTC" };

export const now = () => state.at + (state.running ? Date.now() - state.seen : 0);

export async function refreshClock() {
  take(await api.get("clock"));
}

function take(clock) {
  state.at = Date.parse(clock.now);
  state.seen = Date.now();
  state.running = clock.running;
  if (clock.timezone !== state.zone) setZone((state.zone = clock.timezone));
  const run = document.querySelector("[data-run]");
  run.replaceChildren(icon(clock.running ? "pause" : "run"));
  run.setAttribute("aria-label", clock.running ? "Pause the clock" : "Let the clock run");
  run.title = run.getAttribute("aria-label");
  document.querySelector(".clock").classList.toggle("stopped", !clock.running);
  tick();
}

function tick() {
  const face = document.querySelector("#clock");
  const instant = now();
  face.querySelector(".day").textContent = shortDayOf(instant);
  face.querySelector(".hour").textContent = format(instant, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  face.dateTime = new Date(instant).toISOString();
  face.title = `${format(instant, { dateStyle: "full" })}, ${state.zone.replace("_", " ")}`;
}

export function setUpClock(app) {
  const controls = document.querySelector(".clock");
  const dialog = document.querySelector("#time-dialog");
  const field = dialog.querySelector("input");
  setInterval(tick, 250);

  async function move(body) {
    controls.classList.add("moving");
    try {
      take(await api.post("clock", body));
    } catch (error) {
      app.say(error.message);
    } finally {
      controls.classList.remove("moving");
    }
  }

  function nextMorning() {
    const [day, hour] = wallTime(now()).split("T");
    if (hour < "06:00:00") return instantOf(`${day}T06:00:00`);
    const next = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
    return instantOf(`${next}T06:00:00`);
  }

  controls.addEventListener("click", ({ target }) => {
    const pressed = target.closest("button");
    if (!pressed) return;
    if (pressed.dataset.forward) move({ forward: Number(pressed.dataset.forward) });
    else if ("morning" in pressed.dataset) move({ set: nextMorning() });
    else if ("run" in pressed.dataset) move({ running: !state.running });
    else {
      field.value = field.min = wallTime(now()).slice(0, 16);
      dialog.querySelector(".hint").textContent = `The company’s time, ${state.zone.split("/").at(-1).replace("_", " ")}. It only goes forward.`;
      dialog.showModal();
    }
  });
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", () => move({ set: instantOf(`${field.value}:00`.slice(0, 19)) }));
}
