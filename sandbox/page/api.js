// Calls to /sandbox/… and the stream of its changes.

async function call(method, path, body) {
  const answer = await fetch(`/sandbox/${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || `The sandbox answered ${answer.status}`);
  return data;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const patch = (path, body) => call("PATCH", path, body);
export const remove = (path) => call("DELETE", path);
export const group = (id) => `@${id}`; // a group stands among the people, under a name that none of them can have
export const person = (id, rest = "") => (id[0] === "@" ? `groups/${encodeURIComponent(id.slice(1))}${rest}` : `people/${encodeURIComponent(id)}${rest}`);

/** Follows the changes for ever; `opened` is called after every (re)connection, `lost` when one breaks. */
export function listen({ changed, opened, lost }) {
  const source = new EventSource("/sandbox/events");
  source.onopen = opened;
  source.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    if (change.kind === "answer" && change.answer) resolveAnswer(change.answer);
    changed(change);
  });
  source.onerror = () => {
    source.close();
    lost();
    setTimeout(() => listen({ changed, opened, lost }), 1500);
  };
}

// A press is answered by an event, which may come before the call that pressed has returned.
const answers = new Map();
const waiting = new Map();

function resolveAnswer(answer) {
  const id = answer.callback_query_id;
  waiting.get(id)?.(answer);
  waiting.delete(id);
  answers.set(id, answer);
  if (answers.size > 200) answers.delete(answers.keys().next().value);
}

/** Presses a button (in a group: `by` one of it); done when the bot answered, or after half a minute without an answer. */
export async function press(id, message_id, data, by = {}) {
  const { callback_query_id: query } = await post(person(id, "/press"), { message_id, data, ...by });
  if (answers.has(query)) return;
  await new Promise((resolve) => {
    waiting.set(query, resolve);
    setTimeout(resolve, 30_000);
  });
  waiting.delete(query);
}
