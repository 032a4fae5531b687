// One phone: whose it is, its two tabs, its menu, and what pops up on it.
import * as api from "./api.js";
import { avatar, button, h, icon, keepFocus } from "./dom.js";
import { SmsView } from "./sms.js";
import { TelegramView } from "./telegram.js";

export class Phone {
  constructor(app, id, tab) {
    Object.assign(this, { app, id, reading: new Set() });
    this.views = { telegram: new TelegramView(app, this), sms: new SmsView(app, this) };
    this.tab = null;
    this.head = h("header", {});
    this.tabs = h("div", { class: "tabs", role: "tablist" });
    this.screen = h("div", { class: "screen" });
    this.menu = h("div", { class: "card phone-menu", popover: "auto" });
    this.toasts = h("div", { class: "toasts", role: "status" });
    this.node = h("section", { class: "phone", "data-testid": `phone-${id}`, "aria-label": `${this.person.name}’s phone` }, this.head, this.tabs, this.screen, this.toasts, this.menu);
    this.menu.addEventListener("beforetoggle", () => this.fillMenu());
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.target.closest("textarea") && !this.menu.matches(":popover-open")) app.close(id);
    });
    const { unread } = this.person;
    this.show(tab ?? (unread.sms && !unread.chat ? "sms" : "telegram"));
  }

  /** In a group: who of it holds the phone. */
  get by() {
    return {};
  }

  get person() {
    return this.app.people.get(this.id);
  }

  /** Draws what depends on the person: name, state, unread. */
  update() {
    const { person } = this;
    const key = JSON.stringify([person.name, person.label, person.telegram, person.unread, this.tab]);
    if (this.key === key) return;
    this.key = key;
    const more = button({ class: "plain", "aria-label": `Menu of ${person.name}’s phone`, onclick: () => this.openMenu(more) }, icon("more"));
    keepFocus(this.head, () => this.head.replaceChildren(
      button({ class: "plain back", "aria-label": "Back to the people", onclick: () => this.app.back() }, icon("back")), avatar(person),
      h("span", { class: "who" }, h("strong", {}, person.name), h("small", {}, person.label || person.role || person.phone)),
      more, button({ class: "plain shut", "aria-label": `Close ${person.name}’s phone`, onclick: () => this.app.close(this.id) }, icon("close"))));
    const tabs = person.telegram ? { telegram: "Telegram", sms: "SMS" } : { sms: "SMS" };
    const unread = { telegram: person.unread.chat, sms: person.unread.sms };
    keepFocus(this.tabs, () => this.tabs.replaceChildren(...Object.entries(tabs).map(([tab, name]) =>
      button({ role: "tab", "aria-selected": String(tab === this.tab), "data-testid": `tab-${tab}`, onclick: () => this.show(tab) },
        icon(tab === "sms" ? "sms" : "send"), name, tab !== this.tab && unread[tab] > 0 && h("b", { class: "badge", "aria-label": `${unread[tab]} unread` }, unread[tab])))));
    if (!person.telegram) this.show("sms");
    else this.views.telegram.showDock();
  }

  show(tab) {
    if (tab === "telegram" && !this.person.telegram) tab = "sms";
    if (tab === this.tab) return;
    this.tab = tab;
    this.screen.replaceChildren(this.views[tab].node);
    this.update();
    this.load();
    this.app.remember();
  }

  async load() {
    await this.app.attempt(() => this.views[this.tab].load(), this);
    this.markRead();
  }

  /** What is on the screen has been read. */
  markRead() {
    const field = this.tab === "sms" ? "sms" : "chat";
    if (document.hidden || !this.node.checkVisibility() || !this.person?.unread[field] || this.reading.has(field)) return;
    this.reading.add(field);
    setTimeout(() => {
      this.reading.delete(field);
      api.post(api.person(this.id, "/read"), { [field]: true }).then(this.app.refreshPeople, () => {});
    }, 250);
  }

  changed({ kind, message, answer }) {
    if (kind === "answer" && answer) this.answer(answer);
    if (kind === "sms" && this.tab === "sms") this.load();
    if (this.tab !== "telegram" || !["message", "edited", "deleted", "person", "group"].includes(kind)) return;
    if (message) this.views.telegram.take(kind === "deleted" ? { ...message, deleted: true } : message);
    clearTimeout(this.later); // what hangs on a chat (keyboard, commands, pin) may have changed too
    this.later = setTimeout(() => this.views.telegram.loadKeyboard().catch(() => {}), 250);
  }

  openMenu(anchor) {
    this.menu.showPopover();
    const box = anchor.getBoundingClientRect();
    this.menu.style.top = `${box.bottom + 4}px`;
    this.menu.style.left = `${Math.max(8, Math.min(box.right - this.menu.offsetWidth, innerWidth - this.menu.offsetWidth - 8))}px`;
  }

  /** Sends a file from the computer's disk. */
  pickFile() {
    const input = h("input", { type: "file" });
    input.addEventListener("change", () => this.app.attempt(async () => {
      const [file] = input.files;
      const bytes = new Uint8Array(await file.arrayBuffer());
      const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
      await api.post(api.person(this.id, "/document"), { name: file.name, base64 });
    }, this));
    input.click();
  }

  /** Somebody else's contact, out of the telephone's book. */
  others(item) {
    const other = [...this.app.people.values()].find(({ id }) => id !== this.id);
    return other ? [item(`Share ${other.name}’s contact`, "/contact", { phone: other.phone })] : [];
  }

  fillMenu() {
    const { person, views } = this;
    const item = (name, path, body) => button({ onclick: () => {
      this.menu.hidePopover();
      this.show("telegram");
      return typeof path === "function" ? path() : this.app.attempt(() => api.post(api.person(this.id, path), body), this);
    } }, name);
    const block = async (blocked) => {
      await this.app.attempt(() => api.patch(api.person(this.id), { blocked }), this);
      this.app.refreshPeople();
    };
    const { telegram } = person;
    this.menu.replaceChildren(
      h("p", { class: "hint" }, person.phone, telegram && ` · Telegram ${telegram.user_id}`),
      ...(telegram ? [
        item("Share my number", () => views.telegram.shareContact()), ...this.others(item), item("Send a sticker", "/sticker"), item("Send a photo", "/photo"), item("Send a file…", () => this.pickFile()),
        telegram.blocked ? item("Unblock the bot", () => block(false)) : item("Block the bot", () => block(true)),
      ] : [h("p", { class: "hint" }, "This phone has no Telegram; it gets everything by SMS.")]));
  }

  // What pops up
  answer({ text, show_alert: alert }) {
    if (!text) return;
    if (alert) this.ask(null, text, ["OK"]);
    else this.toast(text);
  }

  toast(text) {
    const toast = h("div", { class: "toast", "data-testid": "toast" }, text);
    this.toasts.append(toast);
    setTimeout(() => toast.remove(), 4000);
  }

  /** A dialog on the phone's own screen; true if the last button was pressed. */
  ask(title, text, choices) {
    return new Promise((resolve) => {
      const close = (answer) => {
        shade.remove();
        resolve(answer);
      };
      const shade = h("div", { class: "shade" }, h("div", { class: "card alert", role: "alertdialog", "aria-modal": "true", "aria-label": title || text, "data-testid": "alert" },
        title && h("h3", {}, title), h("p", {}, text), h("div", { class: "row" }, choices.map((choice, index) => button({ class: index === choices.length - 1 ? "primary" : "", onclick: () => close(index === choices.length - 1) }, choice)))));
      shade.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        close(false);
      });
      this.node.append(shade);
      shade.querySelector("button:last-child").focus();
    });
  }
}
