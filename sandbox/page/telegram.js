// A person's chat with the bot, as Telegram shows it.
import * as api from "./api.js";
import { Composer, Log } from "./conversation.js";
import { button, dayOf, h, hourOf, icon, keepFocus, linkWithin } from "./dom.js";

const DRAWN = new Set(["photo", "document", "sticker", "contact", "service"]);

export class TelegramView {
  constructor(app, phone) {
    Object.assign(this, { app, phone, nodes: new Map(), pressed: new Set(), commands: [], replyKeyboard: null, payload: null });
    this.log = new Log("Chat with the bot");
    this.suggestions = h("div", { class: "suggestions", role: "menu", "aria-label": "Commands", hidden: true });
    this.dock = h("div", { class: "dock" });
    this.menu = button({ class: "commands", "aria-label": "Commands", title: "Commands", onclick: () => this.suggest(this.suggestions.hidden ? "/" : "") }, icon("menu"));
    this.composer = new Composer({ label: `Message from ${phone.person.name}`, testid: `phone-${phone.id}-input`, placeholder: "Message", before: this.menu }, (text) => this.send(text));
    this.input = this.composer.input;
    this.keys = h("div", { class: "reply-keyboard" });
    this.pin = button({ class: "pin", hidden: true, onclick: () => this.nodes.get(this.pinned)?.scrollIntoView({ behavior: "smooth", block: "center" }) });
    this.node = h("div", { class: "view telegram" }, this.pin, this.log.node, this.suggestions, this.dock);

    this.input.addEventListener("keydown", ({ key }) => key === "Escape" && this.suggest(""));
    this.input.addEventListener("input", () => this.suggest(this.input.value));
    this.log.node.addEventListener("click", (event) => this.clicked(event));
  }

  // What the chat holds
  async load() {
    this.takeChat(await api.get(api.person(this.phone.id, "/chat")), true);
  }

  /** The keyboard and the commands may change with any message; the messages themselves come as events. */
  async loadKeyboard() {
    const last = Math.max(0, ...this.nodes.keys());
    this.takeChat(await api.get(api.person(this.phone.id, `/chat?after=${last}`)), false);
  }

  takeChat(chat, whole) {
    if (whole) {
      const ids = new Set(chat.messages.map((message) => message.message_id));
      for (const id of [...this.nodes.keys()]) if (!ids.has(id)) this.drop(id);
    }
    for (const message of chat.messages) this.take(message, !whole);
    this.commands = chat.commands || [];
    this.replyKeyboard = chat.reply_keyboard;
    this.pinned = chat.pinned ?? null;
    this.showPin();
    this.showDock();
    if (whole) this.log.toEnd();
  }

  take(message, live = true) {
    const id = message.message_id;
    const old = this.nodes.get(id);
    if (message.deleted) return old && this.drop(id, live);
    const key = JSON.stringify(message);
    if (old?.key === key) return;
    const { near } = this.log;
    const node = this.draw(message);
    node.key = key;
    this.nodes.set(id, node);
    if (old) keepFocus(old, () => old.replaceWith(node), node);
    else {
      const later = [...this.log.node.children].find((child) => Number(child.dataset.messageId) > id);
      this.log.node.insertBefore(node, later || null);
      this.separateDays();
    }
    if (live) node.classList.add(old ? "changed" : "new");
    if (id === this.pinned) this.showPin();
    if (near || message.from === "person") this.log.toEnd();
  }

  drop(id, live = false) {
    const node = this.nodes.get(id);
    this.nodes.delete(id);
    node.classList.add("gone");
    setTimeout(() => {
      node.remove();
      this.separateDays();
    }, live ? 250 : 0);
  }

  separateDays() {
    let day = "";
    for (const child of [...this.log.node.children]) {
      if (!child.dataset.messageId) child.remove();
      else if (child.dataset.day !== day) child.before(h("p", { class: "day" }, (day = child.dataset.day)));
    }
    this.showWelcome();
  }

  // How it looks
  draw(message) {
    const { message_id: id, kind } = message;
    const text = h("div", { class: "text" });
    if (typeof message.html === "string") text.innerHTML = message.html;
    else text.textContent = message.text || "";
    linkWithin(text);
    const meta = h("span", { class: "meta" }, message.silent && h("i", { title: "Sent without a sound" }, "🔕 "), message.edited_at && "edited ", h("time", {}, hourOf(message.at)));
    const parts = message.by && kind !== "service" ? [h("div", {}, h("strong", {}, this.app.people.get(message.by)?.name))] : [];
    if (message.photo) parts.push(button({ class: "photo", "aria-label": "Enlarge the picture", "data-photo": message.photo }, h("img", { src: message.photo, alt: "" })));
    else if (kind === "photo") parts.push(h("div", { class: "photo none", role: "img", "aria-label": "A photo" }, "🖼️"));
    if (message.document) parts.push(h("a", { href: message.document.at, download: message.document.name }, `📎 ${message.document.name}`));
    if (kind === "sticker" && !text.textContent) text.textContent = "🙂";
    if (kind === "contact" && !text.textContent) text.textContent = this.phone.person.phone;
    if (kind === "contact") parts.push(h("span", { class: "contact-mark" }, icon("contact")));
    const empty = !text.textContent.trim();
    const bubble = h("div", { class: "bubble" }, ...parts, !empty && text, meta);
    const classes = ["message", message.from === "bot" || (message.by && message.by !== this.phone.by.person) ? "bot" : "mine", DRAWN.has(kind) && `kind-${kind}`, empty && "bare", message.keyboard?.length && "with-keys"];
    return h("article", { class: classes.filter(Boolean).join(" "), "data-testid": "bubble", "data-message-id": id, "data-day": dayOf(message.at) },
      bubble, message.keyboard?.length && this.drawKeys(message));
  }

  drawKeys(message) {
    return h("div", { class: "keys" }, message.keyboard.map((row) => h("div", {}, row.map((key) => {
      const waiting = this.pressed.has(`${message.message_id} ${key.data}`);
      return button({ "data-callback": key.data, "data-url": key.url, class: waiting && "waiting", title: key.text }, h("span", {}, key.text));
    }))));
  }

  clicked(event) {
    const key = event.target.closest(".keys button");
    const link = event.target.closest("a");
    const photo = event.target.closest("[data-photo]");
    if (key?.dataset.url) this.app.follow(this.phone, key.dataset.url);
    else if (key) this.press(Number(key.closest("article").dataset.messageId), key.dataset.callback);
    else if (link && !link.hasAttribute("download")) {
      event.preventDefault();
      if (link.dataset.command) this.send(link.dataset.command);
      else this.app.follow(this.phone, link.href);
    } else if (photo) this.app.enlarge(photo.dataset.photo);
    else event.target.closest("tg-spoiler")?.classList.toggle("shown");
  }

  // What the person does
  async press(id, data) {
    const mark = `${id} ${data}`;
    if (this.pressed.has(mark)) return;
    const spin = () => {
      for (const key of this.nodes.get(id)?.querySelectorAll("[data-callback]") || []) key.classList.toggle("waiting", this.pressed.has(`${id} ${key.dataset.callback}`));
    };
    this.pressed.add(mark);
    spin();
    await this.app.attempt(() => api.press(this.phone.id, id, data, this.phone.by), this.phone);
    this.pressed.delete(mark);
    spin();
  }

  async send(text) {
    this.suggest("");
    if (!text.trim()) return;
    const message = await this.composer.empty(text, () => this.app.attempt(() => api.post(api.person(this.phone.id, "/send"), { text, ...this.phone.by }), this.phone));
    if (message?.message_id) this.take(message);
  }

  async start() {
    const body = this.payload ? { payload: this.payload } : {};
    if (!(await this.app.attempt(() => api.post(api.person(this.phone.id, "/start"), body), this.phone))) return;
    this.payload = null;
    this.app.refreshPeople();
    await this.load();
    this.input.focus();
  }

  /** A deep link shows the chat with a START button first. */
  offerStart(payload) {
    this.payload = payload;
    this.showDock();
    this.log.toEnd();
    this.dock.querySelector("button")?.focus();
  }

  async shareContact() {
    const { name, phone } = this.phone.person;
    const yes = await this.phone.ask("Share your phone number?", `The bot will see that this chat is ${name}’s, ${phone}.`, ["Cancel", "Share"]);
    if (yes) this.app.attempt(() => api.post(api.person(this.phone.id, "/contact")), this.phone);
  }

  // Around the messages
  showPin() {
    const pinned = this.nodes.get(this.pinned);
    this.pin.hidden = !pinned;
    this.pin.replaceChildren(h("b", {}, "Pinned message"), h("span", {}, pinned?.querySelector(".text")?.innerText.split("\n")[0] || "A picture"));
  }

  showWelcome() {
    this.log.node.querySelector(".welcome")?.remove();
    const { telegram } = this.phone.person;
    if (this.nodes.size && this.payload === null) return;
    this.log.node.append(h("div", { class: "welcome" }, h("img", { src: "/page/icon.svg", alt: "", width: "56", height: "56" }), h("strong", {}, "Rollcall"),
      h("p", {}, this.payload !== null || !telegram?.started ? "Your shifts, offers and days off, in this chat. Press START to let the bot write to you." : "No messages here yet.")));
  }

  showDock() {
    const { telegram } = this.phone.person;
    this.showWelcome();
    if (!telegram) return;
    const begin = this.payload !== null || !telegram.started;
    const state = begin ? "start" : telegram.blocked ? "restart" : "composer";
    if (state !== "composer") this.suggest("");
    if (this.dock.dataset.state !== state) {
      this.dock.dataset.state = state;
      this.dock.replaceChildren(...(state === "composer" ? [this.composer.node, this.keys] : [button({ class: "start", "data-testid": "start", onclick: () => this.start() }, begin ? "START" : "RESTART BOT")]));
    }
    this.menu.hidden = !this.commands.length;
    const markup = this.replyKeyboard;
    const key = JSON.stringify(markup);
    if (this.keys.key === key) return;
    this.keys.key = key;
    const rows = Array.isArray(markup) ? markup : markup?.keyboard || [];
    this.input.placeholder = markup?.input_field_placeholder || "Message";
    this.keys.replaceChildren(...rows.map((row) => h("div", {}, row.map((item) => {
      const shares = item.request_contact || item.kind === "contact";
      const text = item.text || String(item);
      return button({ "data-contact": shares, title: text, onclick: () => (shares ? this.shareContact() : this.send(text)) }, shares && icon("contact"), h("span", {}, text));
    }))));
    if (this.log.near) this.log.toEnd();
  }

  /** The list of commands that begin with what was typed. */
  suggest(typed) {
    const fitting = /^\/\w*$/.test(typed) ? this.commands.filter(({ command }) => `/${command}`.startsWith(typed.toLowerCase())) : [];
    this.suggestions.hidden = !fitting.length;
    this.suggestions.replaceChildren(...fitting.map(({ command, description }) =>
      button({ role: "menuitem", onclick: () => this.send(`/${command}`) }, h("b", {}, `/${command}`), h("span", {}, description))));
  }
}
