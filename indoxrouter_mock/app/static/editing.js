"use strict";
// Scripted answers and the exchanges of a tape, to see and to edit.
const scripted = ["text", "tool_calls", "error", "model", "contains", "operation", "account", "times"];

const postScripted = (fields) => admin("/answers", { method: "POST", body: JSON.stringify(fields) });

function forPosting(answer) {
  const kept = scripted.filter((name) => name === "times" || (answer[name] !== null && answer[name]?.length !== 0));
  return Object.fromEntries(kept.map((name) => [name, answer[name]]));
}

at("script-edit").addEventListener("toggle", async () => {
  if (!at("script-edit").open) return;
  const found = await (await admin("/answers")).json();
  at("script-json").value = JSON.stringify(found.answers.map(forPosting), null, 2);
});

at("script-save").addEventListener("click", async () => {
  at("script-save").dataset.state = "saving";
  await replaceScripted();
  at("script-save").dataset.state = "done";
});

async function replaceScripted() {
  const report = (text) => { at("script-error").textContent = text; };
  let wanted;
  try {
    wanted = JSON.parse(at("script-json").value);
    if (!Array.isArray(wanted)) throw new Error("a list is expected");
  } catch (error) {
    report(`not JSON: ${error.message}`);
    return;
  }
  const before = (await (await admin("/answers")).json()).answers.map(forPosting);
  await admin("/answers", { method: "DELETE" });
  report("");
  for (const fields of wanted) {
    const response = await postScripted(fields);
    if (response.ok) continue;
    report((await response.json()).message);
    await admin("/answers", { method: "DELETE" });
    for (const old of before) await postScripted(old);
    break;
  }
  await refreshScript();
}

let tapeShown = "";

async function refreshTape() {
  const { exchanges } = await (await admin("/tape")).json();
  at("tape").hidden = exchanges.length === 0;
  const drawn = JSON.stringify(exchanges);
  if (drawn === tapeShown) return;
  tapeShown = drawn;
  at("tape-list").replaceChildren(...exchanges.map((each) => {
    const often = each.played === 0 ? "not played" : each.played === 1 ? "played once" : `played ${each.played} times`;
    const open = make("button", "mono", `${each.method} ${each.path} ${each.status}`);
    open.type = "button";
    open.addEventListener("click", () => openExchange(each.name));
    return make("li", "", open, make("span", "quiet", ` ${often}`));
  }));
}

async function openExchange(name) {
  const found = await (await admin(`/tape?name=${encodeURIComponent(name)}`)).json();
  at("tape-name").textContent = name;
  at("tape-text").value = found.text;
  at("tape-error").textContent = "";
  at("tape-edit").hidden = false;
}

at("tape-save").addEventListener("click", async () => {
  const body = JSON.stringify({ name: at("tape-name").textContent, text: at("tape-text").value });
  const response = await admin("/tape", { method: "POST", body });
  const found = await response.json();
  at("tape-error").textContent = response.ok ? "saved" : found.message;
  if (response.ok) at("tape-text").value = found.text;
  refreshTape();
});

at("tape-rewind").addEventListener("click", async () => {
  await admin("/tape/rewind", { method: "POST" });
  refreshTape();
});

refresh();
setInterval(refresh, 1000);
