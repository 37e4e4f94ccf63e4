"use strict";
const at = (id) => document.getElementById(id);
let apiKey = "";
let last = 0;
const shown = 50;

async function refresh() {
  try {
    const status = await (await admin("/status")).json();
    const found = await (await admin(`/requests?limit=${shown}&since=${last}`)).json();
    at("state").textContent = "running";
    at("state").className = "badge ok";
    apiKey = status.api_key;
    at("key").textContent = apiKey;
    at("base").textContent = `${location.origin}/api/v1`;
    at("openai-base").textContent = `${location.origin}/v1`;
    at("account").textContent = `${status.account.tier}, ${status.account.credits.toFixed(4)} USD of credits`;
    const counters = status.counters;
    at("counters").textContent = ["request", "event", "fault", "violation"]
      .map((noun) => [counters[`${noun}s`] || 0, noun])
      .map(([count, noun]) => `${count} ${noun}${count === 1 ? "" : "s"}`)
      .join(", ");
    if (found.count < last) { last = 0; at("requests").replaceChildren(); }
    for (const request of found.requests) addRequest(request);
    refreshScript();
    refreshTape();
  } catch (error) {
    at("state").textContent = "not reachable";
    at("state").className = "badge lost";
  }
}

function addRequest(request) {
  const body = at("requests");
  if (last === 0) body.replaceChildren();
  last = request.number;
  const row = make("tr", "opens",
    make("td", "quiet wide", String(request.number)),
    make("td", "wide", request.time.slice(11, 23)),
    make("td", "mono", `${request.method} ${request.path}${request.query ? "?" + request.query : ""}`),
    make("td", "wide", request.operation || "–"),
    make("td", `s${String(request.status)[0]}`, String(request.status || "none")),
    make("td", "wide", `${request.milliseconds.toFixed(1)} ms`),
    make("td", "mono wide", request.faults.join(", ")),
  );
  row.tabIndex = 0;
  row.setAttribute("aria-expanded", "false");
  row.addEventListener("click", () => toggleDetails(row, request));
  row.addEventListener("keydown", (event) => { if (event.key === "Enter") toggleDetails(row, request); });
  body.prepend(row);
  const rows = body.querySelectorAll("tr.opens");
  for (const old of [...rows].slice(shown)) { closeDetails(old); old.remove(); }
}

function closeDetails(row) {
  if (row.nextElementSibling?.className === "details") row.nextElementSibling.remove();
  row.setAttribute("aria-expanded", "false");
}

async function toggleDetails(row, request) {
  if (row.getAttribute("aria-expanded") === "true") { closeDetails(row); return; }
  row.setAttribute("aria-expanded", "true");
  // A stream may have gone on since the row was drawn.
  const found = await (await admin(`/requests?since=${request.number - 1}`)).json();
  const now = found.requests.find((each) => each.number === request.number) || request;
  const headers = Object.entries(now.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  const cell = make("td", "",
    make("h3", "", "Request"), make("pre", "", `${headers}\n\n${written(now.body)}`.trim()),
    make("h3", "", "Answer"), make("pre", "", written(now.answer) || "none"));
  cell.colSpan = 7;
  row.after(make("tr", "details", cell));
}

const written = (value) => value === null ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2);

function describeScripted(answer) {
  const what = answer.error ? `error ${answer.error.status}: ${answer.error.message}`
    : [answer.text, ...answer.tool_calls.map((call) => `${call.name}(${call.arguments})`)].filter(Boolean).join(" + ");
  const when = [answer.contains && `prompt has “${answer.contains}”`, answer.model, answer.operation, answer.account]
    .filter(Boolean).join(", ");
  const often = answer.times === null ? "for ever" : answer.times === 1 ? "once" : `${answer.times} times`;
  return `${what} (${[when, often].filter(Boolean).join("; ")})`;
}

async function refreshScript(answer) {
  const found = answer || await (await admin("/answers")).json();
  at("script-list").replaceChildren(...found.answers.map((each) => make("li", "mono", describeScripted(each))));
}

at("script").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = { text: at("script-text").value };
  if (at("script-contains").value) fields.contains = at("script-contains").value;
  if (at("script-model").value) fields.model = at("script-model").value;
  const response = await admin("/answers", { method: "POST", body: JSON.stringify(fields) });
  at("script-error").textContent = response.ok ? "" : (await response.json()).message;
  if (response.ok) at("script-text").value = "";
  refreshScript();
});

at("script-clear").addEventListener("click", async () => refreshScript(await (await admin("/answers", { method: "DELETE" })).json()));

at("copy").addEventListener("click", () => navigator.clipboard.writeText(apiKey));

at("chat").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = at("answer");
  answer.textContent = "";
  answer.dataset.state = "sending";
  const init = {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: "openai/gpt-4o-mini", stream: true, messages: [{ role: "user", content: at("prompt").value }] }),
  };
  await exchange("/api/v1/chat/completions", init, (data) => answer.append(textOf(data)), (text) => answer.append(text));
  answer.dataset.state = "done";
  refresh();
});
