// Building elements, and writing names, times and links.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `/page/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export const button = (props, ...children) => h("button", { type: "button", ...props }, ...children);

export function avatar(person) {
  let sum = 7;
  for (const letter of person.id) sum = (sum * 31 + letter.codePointAt(0)) % 3600;
  const words = person.name.trim().split(/\s+/);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] || "").join("");
  const node = h("span", { class: "avatar", "aria-hidden": "true" }, initials.toUpperCase());
  node.style.setProperty("--hue", sum / 10);
  return node;
}

/** Does the work, which puts new buttons in the place of old ones; the focus stays where it was. */
export function keepFocus(old, work, fresh = old) {
  const index = [...old.querySelectorAll("button")].indexOf(document.activeElement);
  work();
  if (index >= 0) fresh.querySelectorAll("button")[index]?.focus({ preventScroll: true });
}

// Times are the company's, not the browser's.
let zone = "UTC";
const formats = new Map();
export function setZone(name) {
  zone = name;
  formats.clear();
}

export function format(instant, options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options }));
  return formats.get(key).format(new Date(instant));
}
export const hourOf = (instant) => format(instant, { hour: "2-digit", minute: "2-digit" });
export const dayOf = (instant) => format(instant, { weekday: "long", day: "numeric", month: "long" });
export const shortDayOf = (instant) => format(instant, { weekday: "short", day: "numeric", month: "short" });

/** The wall time as "2026-11-25T06:00:00", and the instant of such a wall time. */
export function wallTime(instant) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(new Date(instant)).replace(" ", "T");
}
export function instantOf(wall) {
  const wanted = Date.parse(`${wall}Z`);
  let guess = wanted;
  for (let i = 0; i < 2; i++) guess += wanted - Date.parse(`${wallTime(guess)}Z`);
  return new Date(guess).toISOString();
}

const LINKS = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])|(?<![\w/.:])(\/[a-z][a-z0-9_]{0,31})(?![\w/])/gi;

/** The text as nodes with its addresses (and, on request, /commands) made links, as phones do. */
export function linked(text, commands = false) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(LINKS)) {
    if (match[2] && !commands) continue;
    nodes.push(text.slice(end, match.index));
    nodes.push(match[1] ? h("a", { href: match[1] }, match[1]) : h("a", { href: "#", "data-command": match[2] }, match[2]));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

/** The same within HTML that is already in the page. */
export function linkWithin(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest("a, code, pre")) texts.push(walker.currentNode);
  for (const node of texts) if (node.data.includes("/")) node.replaceWith(...linked(node.data, true));
}
