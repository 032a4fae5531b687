// What both tabs of a phone have: a log that stays at its end, and a box to type in.
import { h, icon } from "./dom.js";

/** `node` holds the messages. It shows the last of them until one scrolls away from it. */
export class Log {
  constructor(label) {
    this.node = h("div", { class: "log", role: "log", "aria-label": label, tabindex: "0" });
    this.near = true;
    const { node } = this;
    node.addEventListener("load", () => this.near && this.toEnd(), true); // a picture has come
    node.addEventListener("scroll", () => (this.near = node.scrollHeight - node.scrollTop - node.clientHeight < 60));
    new ResizeObserver(() => this.near && this.toEnd()).observe(node);
  }

  toEnd() {
    this.near = true;
    this.node.scrollTop = this.node.scrollHeight;
  }
}

/** `node` is the form. Enter sends what is in the box, Shift+Enter begins a line; what could not be sent comes back. */
export class Composer {
  constructor({ label, testid, placeholder, before }, send) {
    this.send = send;
    this.input = h("textarea", { rows: "1", placeholder, "aria-label": label, "data-testid": testid });
    this.node = h("form", { class: "composer" }, before, this.input, h("button", { class: "send", "aria-label": "Send" }, icon("send")));
    const typed = (event) => {
      event.preventDefault();
      this.send(this.input.value);
    };
    this.node.addEventListener("submit", typed);
    this.input.addEventListener("keydown", (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && typed(event));
  }

  /** Empties the box and does the work, whose answer is null where the text could not be sent. */
  async empty(text, work) {
    this.input.value = "";
    const sent = await work();
    if (!sent) this.input.value = text;
    return sent;
  }
}
