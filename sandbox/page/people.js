// The list of people: found by name, filtered by role, whoever heard something last on top.
import { avatar, button, h, hourOf, icon, shortDayOf } from "./dom.js";
import { now } from "./clock.js";

const list = document.querySelector("#people");
const rows = new Map();
let role = "";
let words = [];

export function setUpPeople(app) {
  document.querySelector("#search").addEventListener("input", ({ target }) => {
    words = target.value.toLowerCase().split(/\s+/).filter(Boolean);
    showPeople(app);
  });
  const roles = document.querySelector(".roles");
  roles.addEventListener("click", ({ target }) => {
    const pressed = target.closest("button");
    if (!pressed) return;
    role = pressed.dataset.role;
    for (const each of roles.children) each.setAttribute("aria-pressed", String(each === pressed));
    showPeople(app);
  });
  list.addEventListener("click", ({ target }) => {
    const row = target.closest("button");
    if (row) app.open(row.dataset.id);
  });
  list.addEventListener("pointerleave", () => showPeople(app));
}

function matches(person) {
  const text = `${person.name} ${person.label || ""} ${person.phone} ${person.id}`.toLowerCase();
  return (!role || person.role === role) && words.every((word) => text.includes(word));
}

function when(instant) {
  if (!instant) return "";
  return shortDayOf(instant) === shortDayOf(now()) ? hourOf(instant) : shortDayOf(instant).split(" ").slice(0, 2).join(" ").replace(",", "");
}

function inside(person) {
  const { telegram, unread } = person;
  const badge = (count, name, glyph) => count > 0 && h("b", { class: `badge ${name}`, title: `${count} unread in ${name}` }, icon(glyph), count);
  return [
    avatar(person),
    h("span", { class: "who" },
      h("span", { class: "line" }, h("strong", {}, person.name), person.role !== "group" && h("i", { class: "tag" }, (person.language || "?").toUpperCase()), h("time", {}, when(person.last_at))),
      h("span", { class: "line" }, h("small", {}, person.label || person.phone),
        !telegram && h("i", { class: "tag warn", title: "Not on Telegram" }, "SMS only"),
        telegram?.blocked && h("i", { class: "tag bad" }, "blocked"),
        badge(unread.chat, "Telegram", "send"), badge(unread.sms, "SMS", "sms"))),
  ];
}

export function showPeople(app) {
  const shown = [...app.people.values()].filter(matches);
  if (list.matches(":hover, :has(:focus-visible)")) { // nothing moves away from under the pointer
    const places = new Map([...list.children].map((row, index) => [row.firstChild.dataset.id, index]));
    shown.sort((a, b) => (places.get(a.id) ?? Infinity) - (places.get(b.id) ?? Infinity) || 0);
  } else shown.sort((a, b) => (Date.parse(b.last_at) || 0) - (Date.parse(a.last_at) || 0));
  const keep = new Set();
  shown.forEach((person, index) => {
    const row = rowOf(person);
    keep.add(person.id);
    row.classList.toggle("open", app.phones.has(person.id));
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] || null);
  });
  for (const row of [...list.children]) if (!keep.has(row.firstChild.dataset.id)) row.remove();
  for (const id of [...rows.keys()]) if (!app.people.has(id)) rows.delete(id);
  const nobody = document.querySelector(".nobody");
  nobody.hidden = shown.length > 0;
  nobody.textContent = app.people.size ? "Nobody like that here." : "Nobody here yet. They arrive when the demo has been set up.";
}

function rowOf(person) {
  let row = rows.get(person.id);
  if (!row) rows.set(person.id, (row = h("li", {}, button({ "data-id": person.id, "data-testid": `person-${person.id}` }))));
  const key = JSON.stringify(person) + when(person.last_at);
  if (row.key !== key) row.firstChild.replaceChildren(...inside(person).filter(Boolean));
  row.key = key;
  return row;
}

export function flash(id) {
  const row = rows.get(id);
  if (!row) return;
  row.classList.remove("flash");
  void row.offsetWidth; // starts the animation anew
  row.classList.add("flash");
}
