// A group as one of those in it sees it; whose hands hold the phone is chosen above.
import * as api from "./api.js";
import { button, h } from "./dom.js";
import { Phone } from "./phone.js";

/** A group among the people of the list. */
export const asPerson = ({ id, title, members, bot, last_at }) => ({
  id: api.group(id), name: title, label: `group · ${members.length} people`, phone: "", role: "group", language: "", members, bot,
  telegram: { started: true, blocked: false }, unread: { chat: 0, sms: 0 }, last_at,
});

export class GroupPhone extends Phone {
  get by() {
    return { person: this.hands ?? this.person.members[0] };
  }

  update() {
    super.update();
    const key = JSON.stringify(this.person.members);
    if (this.membersKey === key && this.tabs.firstChild?.className === "hands") return;
    this.membersKey = key;
    const choose = h("select", { "aria-label": "Who writes and presses", "data-testid": "hands", onchange: ({ target }) => (this.hands = target.value) },
      this.person.members.map((id) => h("option", { value: id }, this.app.people.get(id)?.name ?? id)));
    choose.value = this.by.person;
    this.tabs.replaceChildren(h("label", { class: "hands" }, "In the hands of ", choose));
  }

  markRead() {} // nobody's own

  fillMenu() {
    const item = (name, path, body) => button({ onclick: async () => {
      this.menu.hidePopover();
      await this.app.attempt(() => api.post(api.person(this.id, path), { ...this.by, ...body }), this);
      this.app.refreshPeople();
    } }, name);
    const inside = ["member", "administrator"].includes(this.person.bot);
    this.menu.replaceChildren(
      inside ? item("Put the bot out", "/bot", { status: "kicked" }) : item("Take the bot in", "/bot", { status: "member" }),
      item("Make it a supergroup", "/upgrade", {}));
  }
}
