// A phone's SMS.
import * as api from "./api.js";
import { Composer, Log } from "./conversation.js";
import { dayOf, h, hourOf, linked } from "./dom.js";

export class SmsView {
  constructor(app, phone) {
    Object.assign(this, { app, phone });
    this.log = new Log("SMS");
    this.composer = new Composer({ label: `SMS from ${phone.person.name}`, testid: `phone-${phone.id}-sms-input`, placeholder: "Text message" }, (body) => this.send(body));
    this.node = h("div", { class: "view sms" }, this.log.node, h("div", { class: "dock" }, this.composer.node));
    this.log.node.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      app.follow(phone, link.href);
    });
  }

  async load() {
    const { messages } = await api.get(api.person(this.phone.id, "/sms"));
    const had = this.log.node.querySelectorAll(".message").length;
    let day = "";
    let sender = "";
    const nodes = messages.flatMap((message, index) => {
      const mine = message.from === "person";
      const started = dayOf(message.at) !== day && h("p", { class: "day" }, (day = dayOf(message.at)));
      const facts = [!mine && message.sender !== sender && (sender = message.sender), hourOf(message.at), message.segments && `${message.segments} segment${message.segments === 1 ? "" : "s"}`, message.encoding === "UCS-2" && "UCS-2", message.status];
      const node = h("article", { class: `message ${mine ? "mine" : "bot"}${had && index >= had ? " new" : ""}`, "data-testid": "bubble", "data-message-id": message.sid },
        h("div", { class: "bubble" }, h("div", { class: "text" }, ...linked(message.body))),
        h("small", { class: "facts" }, facts.filter(Boolean).join(" · ")));
      return [started, node].filter(Boolean);
    });
    this.log.node.replaceChildren(...(nodes.length ? nodes : [h("p", { class: "quiet" }, "No SMS yet.")]));
    if (messages.length !== had) this.log.toEnd();
  }

  async send(body) {
    if (!body.trim()) return;
    await this.composer.empty(body, () => this.app.attempt(() => api.post(api.person(this.phone.id, "/send-sms"), { body }), this.phone));
  }
}
