// The menu that breaks the two networks, and the bar that says that they are broken.
import * as api from "./api.js";
import { button, h } from "./dom.js";

const NETWORKS = { telegram: "Telegram", sms: "SMS" };
const KINDS = [
  { kind: "down", name: "Cut off", hint: "nothing gets through", share: 1 },
  { kind: "429", name: "Too many requests", hint: "a third answered 429", share: 0.33 },
  { kind: "500", name: "Server errors", hint: "a third answered 500", share: 0.33 },
];
let faults = { telegram: [], sms: [] };

export async function refreshFaults(app) {
  faults = await api.get("faults");
  render(app);
}

export function setUpFaults(app) {
  render(app);
}

const isPlain = (fault, kind) => String(fault.kind) === kind && !fault.person && !fault.methods && !fault.times;

async function change(app, work) {
  try {
    await work();
    await refreshFaults(app);
  } catch (error) {
    app.say(error.message);
  }
}

function render(app) {
  const all = Object.entries(faults).flatMap(([network, list]) => list.map((fault) => ({ ...fault, network })));
  const clear = () => change(app, () => api.remove("faults"));
  const toggle = (network, { kind, share }, on) =>
    change(app, () =>
      on
        ? Promise.all(faults[network].filter((fault) => isPlain(fault, kind)).map((fault) => api.remove(`faults/${fault.id}`)))
        : api.post("faults", { network, kind, share }),
    );

  const groups = Object.entries(NETWORKS).map(([network, name]) =>
    h("fieldset", {}, h("legend", {}, name), KINDS.map((known) => {
      const on = faults[network].some((fault) => isPlain(fault, known.kind));
      return button(
        { class: "switch", role: "switch", "aria-checked": String(on), "data-testid": `fault-${network}-${known.kind}`, onclick: () => toggle(network, known, on) },
        h("span", {}, known.name, h("small", {}, known.hint)), h("i"),
      );
    })));
  const others = all.filter((fault) => !KINDS.some(({ kind }) => isPlain(fault, kind)));
  document.querySelector("#faults").replaceChildren(
    h("h2", {}, "Make it go wrong"), ...groups,
    ...others.map((fault) => h("p", { class: "hint" }, `Also ${NETWORKS[fault.network]}: ${fault.kind}${fault.person ? ` for ${fault.person}` : ""}${fault.methods ? ` on ${fault.methods.join(", ")}` : ""} `)),
    h("div", { class: "row" }, button({ class: "primary", disabled: !all.length, onclick: clear }, "All well again")));

  const count = document.querySelector("#faults-button .count");
  count.hidden = !all.length;
  count.textContent = all.length;
  const down = Object.keys(NETWORKS).filter((network) => faults[network].some((fault) => isPlain(fault, "down")));
  app.notice("faults", down.length ? `${down.map((network) => NETWORKS[network]).join(" and ")} ${down.length > 1 ? "are" : "is"} cut off.` : null,
    { text: "Restore", press: () => change(app, () => Promise.all(down.flatMap((network) => faults[network].filter((fault) => isPlain(fault, "down")).map((fault) => api.remove(`faults/${fault.id}`))))) });
}
