// Requests to the server, which answers errors as {"error": message}.

async function answer(response) {
  const text = await response.text();
  const values = text ? JSON.parse(text) : {};
  if (!response.ok) throw new Error(values.error ?? response.statusText);
  return values;
}

export const get = async (path) => answer(await fetch(path));

export const post = async (path, values = {}) =>
  answer(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values) }));

// Call an asynchronous function for the latest arguments only: while one call is under way, the next one waits, and
// newer ones take its place.
export function latest(call) {
  let [busy, waiting] = [false, null];
  const run = async (given) => {
    if (busy) {
      waiting = given;
      return;
    }
    busy = true;
    try {
      await call(...given);
    } finally {
      busy = false;
      if (waiting) {
        const next = waiting;
        waiting = null;
        run(next);
      }
    }
  };
  return (...given) => run(given);
}

// Follow the events of the server: handlers by kind, each called with the values. `lost` is called with whether the
// server is out of reach.
export function follow(handlers, lost) {
  const source = new EventSource("events");
  source.addEventListener("open", () => lost(false));
  source.addEventListener("error", () => lost(true));
  for (const [kind, handle] of Object.entries(handlers)) source.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  return source;
}
