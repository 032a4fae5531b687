// The strip at the bottom: who just got what, newest first.
import { avatar, button, h, icon } from "./dom.js";

const LIMIT = 80;
const strip = document.querySelector("#feed");
const entries = strip.querySelector(".entries");
const summary = strip.querySelector(".summary");
let recent = []; // [{id, at}] of the last few seconds, to count phones
let waiting = [];

export function setUpFeed(app) {
  entries.addEventListener("click", ({ target }) => {
    const chip = target.closest("button");
    if (chip) app.open(chip.dataset.id, chip.dataset.tab);
  });
  summary.addEventListener("click", () => {
    const open = strip.classList.toggle("tall");
    summary.setAttribute("aria-expanded", String(open));
  });
  setInterval(count, 1000);
}

/** The people who got something last, each once. */
export const lastReached = () => [...new Set([...entries.children].map((chip) => chip.dataset.id))];

export function noteDelivery(person, { tab, text, edited }) {
  const chip = button({ "data-id": person.id, "data-tab": tab, class: edited ? "edited" : tab, title: `${person.name}: ${text}` },
    avatar(person), h("span", {}, h("strong", {}, person.name.split(" ")[0]), h("small", {}, edited ? "now: " : "got: ", text)), icon(edited ? "edit" : tab === "sms" ? "sms" : "send"));
  if (!waiting.length) requestAnimationFrame(() => {
    entries.prepend(...waiting.reverse().slice(0, LIMIT));
    waiting = [];
    while (entries.children.length > LIMIT) entries.lastChild.remove();
    count();
  });
  waiting.push(chip);
  recent.push({ id: person.id, at: Date.now() });
}

function count() {
  recent = recent.filter(({ at }) => at > Date.now() - 10_000);
  const phones = new Set(recent.map(({ id }) => id)).size;
  strip.classList.toggle("busy", phones > 0);
  summary.querySelector(".words").textContent = phones ? `${phones} phone${phones > 1 ? "s" : ""} just now` : entries.children.length ? "Quiet now" : "Quiet so far";
}

export function clearFeed() {
  entries.replaceChildren();
  recent = waiting = [];
  count();
}
