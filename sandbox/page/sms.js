// A phone's SMS.
import * as api from "./api.js";
import { dayOf, h, hourOf, linked } from "./dom.js";

export class SmsView {
  constructor(app, phone) {
    this.phone = phone;
    this.log = h("div", { class: "log", role: "log", "aria-label": "SMS", tabindex: "0" });
    this.node = h("div", { class: "view sms" }, this.log);
    this.log.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      app.follow(phone, link.href);
    });
  }

  async load() {
    const { messages } = await api.get(api.person(this.phone.id, "/sms"));
    const had = this.log.querySelectorAll(".message").length;
    let day = "";
    const nodes = messages.flatMap((message, index) => {
      const before = messages[index - 1] || {};
      const started = dayOf(message.at) !== day && h("p", { class: "day" }, (day = dayOf(message.at)));
      const facts = [message.sender !== before.sender && message.sender, hourOf(message.at), message.segments && `${message.segments} segment${message.segments === 1 ? "" : "s"}`, message.encoding === "UCS-2" && "UCS-2", message.status];
      const node = h("article", { class: `message ${message.from === "person" ? "mine" : "bot"}${had && index >= had ? " new" : ""}`, "data-testid": "bubble", "data-message-id": message.sid },
        h("div", { class: "bubble" }, h("div", { class: "text" }, ...linked(message.body))),
        h("small", { class: "facts" }, facts.filter(Boolean).join(" · ")));
      return [started, node].filter(Boolean);
    });
    this.log.replaceChildren(...(nodes.length ? nodes : [h("p", { class: "quiet" }, "No SMS yet.")]));
    if (messages.length !== had) this.log.scrollTop = this.log.scrollHeight;
  }
}
