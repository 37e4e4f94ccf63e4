"use strict";
// Shared by both pages: sending a request and reading its answer, event by event when it is a stream.

// The admin token, when the server asks for one, comes in the address that the server prints: `/#token=…`.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) { sessionStorage.setItem("mock-admin-token", given); history.replaceState(null, "", location.pathname); }
const token = sessionStorage.getItem("mock-admin-token");
const admin = (path, init = {}) => fetch(`/__mock__${path}`, { ...init, headers: token ? { "x-mock-admin-token": token } : {} });

/** Sends a request; calls onEvent with each event's data, or onBody once with the whole text. Resolves with the response. */
async function exchange(url, init, onEvent, onBody) {
  const response = await fetch(url, init);
  const kind = response.headers.get("content-type") || "";
  if (!kind.startsWith("text/event-stream")) {
    onBody(await response.text(), response);
    return response;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return response;
    pending += value;
    const events = pending.split("\n\n");
    pending = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
      if (data) onEvent(data, response);
    }
  }
}

/** The text that one event of either family adds. */
function textOf(data) {
  if (data === "[DONE]") return "";
  const event = JSON.parse(data);
  if (event.type === "response.content_part.delta") return event.delta;
  const choice = (event.choices || [])[0];
  return choice ? (choice.delta ? choice.delta.content : choice.text) || "" : "";
}

/** An element with a class and children, which are elements or texts: texts are never read as HTML. */
function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}
