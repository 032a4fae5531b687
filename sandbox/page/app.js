// The page: who is there, which phones are open, and what changes while one looks.
import * as api from "./api.js";
import { now, refreshClock, setUpClock } from "./clock.js";
import { button, h } from "./dom.js";
import { refreshFaults, setUpFaults } from "./faults.js";
import { clearFeed, lastReached, noteDelivery, setUpFeed } from "./feed.js";
import { flash, setUpPeople, showPeople } from "./people.js";
import { GroupPhone, asPerson } from "./group.js";
import { Phone } from "./phone.js";

const shelf = document.querySelector("#phones");
const notices = document.querySelector("#notices");
const story = document.querySelector("#story");
const narrow = matchMedia("(max-width: 760px)");
const people = new Map();
const phones = new Map();
let wanted = []; // [{id, tab}] of the phones to show, some of whom may not be there (yet)
let shown = null; // the one in view on a narrow screen

const app = {
  people, phones,

  // Phones
  open(id, tab) {
    if (!people.has(id)) return;
    if (!wanted.some((each) => each.id === id)) wanted.push({ id, tab });
    const leavesList = narrow.matches && shown === null;
    shown = id;
    remember(leavesList); // a step to go back from
    const phone = showPhone(id, tab);
    if (tab) phone.show(tab);
    arrange();
    phone.node.scrollIntoView({ behavior: "smooth", block: "nearest", inline: "nearest" });
    phone.node.classList.remove("noticed");
    void phone.node.offsetWidth;
    phone.node.classList.add("noticed");
    phone.markRead();
    return phone;
  },

  close(id) {
    wanted = wanted.filter((each) => each.id !== id);
    phones.get(id)?.node.remove();
    phones.delete(id);
    if (shown === id) shown = null;
    remember();
    arrange();
    document.querySelector(`[data-testid="person-${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
  },

  back() {
    shown = null;
    remember();
    arrange();
  },

  remember: () => remember(),

  /** A link pressed on a phone: into Telegram, to a person, or out of the page. */
  follow(phone, address) {
    const url = URL.canParse(address) ? new URL(address) : null;
    if (url?.protocol === "tg:" && url.searchParams.has("id")) {
      const other = [...people.values()].find(({ telegram }) => String(telegram?.user_id) === url.searchParams.get("id"));
      if (other) return app.open(other.id);
      return phone.toast("Nobody with that number is here");
    }
    if (["t.me", "telegram.me"].includes(url?.hostname)) {
      if (phone.by.person) {
        const own = app.open(phone.by.person, "telegram");
        return own && app.follow(own, address);
      }
      if (!phone.person.telegram) return phone.ask("Telegram isn’t on this phone", "Only SMS arrives here.", ["OK"]);
      phone.show("telegram");
      if (url.searchParams.has("startgroup")) return join(phone, url);
      const payload = url.searchParams.get("start");
      return payload !== null && phone.views.telegram.offerStart(payload);
    }
    if (/^https?:$/.test(url?.protocol)) window.open(url.href, "_blank", "noopener");
  },

  enlarge(source) {
    const dialog = document.querySelector("#picture");
    dialog.querySelector("img").src = source;
    dialog.showModal();
  },

  // Saying things
  async attempt(work, phone) {
    try {
      return (await work()) ?? true;
    } catch (error) {
      if (phone?.node.isConnected) phone.toast(error.message);
      else app.say(error.message);
      return null;
    }
  },

  say(text) {
    const toast = h("div", { class: "toast page-toast", role: "status", "data-testid": "toast" }, text);
    document.body.append(toast);
    setTimeout(() => toast.remove(), 5000);
  },

  notice(name, text, action) {
    notices.querySelector(`[data-name="${name}"]`)?.remove();
    if (text) notices.append(h("div", { "data-name": name, "data-testid": `notice-${name}` }, h("span", {}, text), action && button({ onclick: action.press }, action.text)));
  },

  refreshPeople: gather(async () => {
    const [{ people: persons }, { groups }] = await Promise.all([api.get("people"), api.get("groups")]);
    people.clear();
    for (const person of [...persons, ...groups.map(asPerson)]) people.set(person.id, person);
    for (const [id, phone] of phones) {
      if (people.has(id)) phone.update();
      else {
        phone.node.remove();
        phones.delete(id);
      }
    }
    for (const { id, tab } of wanted) if (people.has(id)) showPhone(id, tab);
    arrange();
    for (const phone of phones.values()) phone.markRead();
  }),
};

/** As Telegram does it for who adds the bot by a link: into the first group that he is in. */
async function join(phone, url) {
  const there = [...people.values()].find(({ role, members }) => role === "group" && members.includes(phone.id));
  if (!there) return phone.toast("You are in no group");
  const text = `/start@${url.pathname.slice(1)} ${url.searchParams.get("startgroup")}`;
  app.open(there.id);
  await app.attempt(() => api.post(api.person(there.id, "/bot"), { person: phone.id, status: "member" }));
  await app.attempt(() => api.post(api.person(there.id, "/send"), { person: phone.id, text }));
}

/** Runs the work at once, then at most about twice a second, once more after the last call. */
function gather(work) {
  let planned = null;
  let last = -Infinity;
  return () => (planned ??= new Promise((resolve) => setTimeout(resolve, last + 400 - performance.now())).then(() => {
    planned = null;
    last = performance.now();
    return work().catch(() => {});
  }));
}

function showPhone(id, tab) {
  let phone = phones.get(id);
  if (!phone) {
    phone = new (people.get(id).role === "group" ? GroupPhone : Phone)(app, id, tab);
    phones.set(id, phone);
    shelf.append(phone.node);
  }
  return phone;
}

function arrange() {
  const inView = shown !== null && phones.has(shown);
  document.body.dataset.view = inView ? "phone" : "people";
  shelf.classList.toggle("none", phones.size === 0);
  for (const [id, phone] of phones) phone.node.classList.toggle("shown", id === shown);
  showPeople(app);
}

// The address remembers the phones: #amara-osei,jean-roy:sms/jean-roy (the last part: the one in view)
function remember(push = false) {
  for (const each of wanted) each.tab = phones.get(each.id)?.tab ?? each.tab;
  const list = wanted.map(({ id, tab }) => encodeURIComponent(id) + (tab === "sms" ? ":sms" : "")).join(",");
  const address = list ? `#${list}${shown ? `/${encodeURIComponent(shown)}` : ""}` : location.pathname;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

function recall() {
  const [list, view] = location.hash.slice(1).split("/");
  wanted = list.split(",").filter(Boolean).map((part) => {
    const [id, tab] = part.split(":");
    return { id: decodeURIComponent(id), tab: tab === "sms" ? "sms" : "telegram" };
  });
  shown = view ? decodeURIComponent(view) : null;
  for (const [id, phone] of phones) {
    if (wanted.some((each) => each.id === id)) continue;
    phone.node.remove();
    phones.delete(id);
  }
  for (const { id, tab } of wanted) if (people.has(id)) showPhone(id, tab);
  arrange();
}

// What the server tells
async function loadAll() {
  await Promise.all([refreshClock(), refreshFaults(app), app.refreshPeople()]).catch(() => {});
  await Promise.all([...phones.values()].map((phone) => phone.load()));
}

function firstLine(text) {
  const line = (text || "").split("\n").map((each) => each.trim()).find(Boolean) || "a picture";
  return line.length > 90 ? `${line.slice(0, 89)}…` : line;
}

function changed(change) {
  const { kind, message, sms } = change;
  const id = change.group ? api.group(change.group) : change.person;
  if (kind === "clock") return refreshClock();
  if (kind === "faults") return refreshFaults(app);
  if (kind === "reset") {
    clearFeed();
    for (const phone of phones.values()) phone.node.remove();
    phones.clear();
    return loadAll();
  }
  for (const phone of phones.values()) {
    if (!id || phone.id === id || (kind === "answer" && phone.by.person === id)) phone.changed(change);
  }
  if (kind !== "answer") app.refreshPeople();
  const person = people.get(id);
  if (!person) return;
  if ((kind === "message" || kind === "edited") && message?.from === "bot") noteDelivery(person, { tab: "telegram", text: firstLine(message.text), edited: kind === "edited" });
  else if (kind === "sms" && sms?.from !== "person") noteDelivery(person, { tab: "sms", text: firstLine(sms?.body) });
  else return;
  if (kind === "edited") return;
  person.last_at = new Date(now()).toISOString();
  flash(id);
}

// The story
function showStory(open) {
  story.hidden = !open;
  document.querySelector("#story-button").setAttribute("aria-expanded", String(open));
  localStorage.setItem("story", open ? "open" : "closed");
}

document.querySelector("#story-button").addEventListener("click", () => showStory(story.hidden));
story.addEventListener("click", async ({ target }) => {
  const pressed = target.closest("button");
  if (!pressed) return;
  if (pressed.classList.contains("close")) return showStory(false);
  if (narrow.matches) showStory(false);
  if (!people.size) await app.refreshPeople();
  if (pressed.dataset.show === "manager") {
    const managers = [...people.values()].filter(({ role }) => role === "manager");
    const invited = ({ telegram, unread }) => unread.sms > 0 || !telegram?.started;
    const manager = managers.find(({ unread }) => unread.sms) || managers.find(invited) || managers[0];
    if (manager) app.open(manager.id, invited(manager) ? "sms" : undefined);
    else app.say("There is no manager here yet.");
  } else {
    const drivers = lastReached().filter((id) => people.get(id)?.role === "driver" && !phones.has(id)).slice(0, 3);
    drivers.forEach((id) => app.open(id));
    if (!drivers.length) app.say("No driver has got anything yet. First press Emergency on the manager’s phone.");
  }
});
story.addEventListener("keydown", ({ key }) => key === "Escape" && showStory(false));

document.querySelector("#picture").addEventListener("click", ({ currentTarget }) => currentTarget.close());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  refreshClock().catch(() => {});
  for (const phone of phones.values()) phone.markRead();
});
addEventListener("popstate", recall);

setUpClock(app);
setUpFaults(app);
setUpPeople(app);
setUpFeed(app);
showStory(localStorage.getItem("story") !== "closed");
recall();
api.listen({
  changed,
  opened() {
    app.notice("lost", null);
    loadAll();
  },
  lost: () => app.notice("lost", "Connection lost. Trying again…"),
});
