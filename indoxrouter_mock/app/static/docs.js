"use strict";
// Renders openapi.json. Details of an operation are built when it is opened, so that the page comes up at once.
const methods = ["get", "post", "put", "patch", "delete"];
let spec = {};

const resolve = (value) => {
  for (let depth = 0; value && value.$ref && depth < 20; depth++)
    value = value.$ref.slice(2).split("/").reduce((found, part) => found[part.replaceAll("~1", "/").replaceAll("~0", "~")], spec);
  return value || {};
};

/** Text with `code`, as nodes. */
const inline = (text) => (text || "").split(/`([^`]*)`/).map((piece, index) => (index % 2 ? make("code", "", piece) : piece));

/** Text with `code` and paragraphs, as nodes. */
function prose(text) {
  return make("div", "", ...(text || "").trim().split(/\n\s*\n/).map((paragraph) => make("p", "", ...inline(paragraph))));
}

function typeName(schema) {
  const found = resolve(schema);
  if (found.const !== undefined) return JSON.stringify(found.const);
  if (found.type === "array") return `list of ${typeName(found.items || {})}`;
  const options = found.oneOf || found.anyOf;
  if (options) return [...new Set(options.map(typeName))].join(" | ");
  const name = (schema.$ref || "").split("/").pop();
  return name || found.type || "any";
}

function bounds(schema) {
  const names = ["format", "default", "minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "minItems", "pattern"];
  const found = names.filter((name) => schema[name] !== undefined).map((name) => `${name} ${schema[name]}`);
  if (schema.enum) found.push(`one of ${schema.enum.join(", ")}`);
  return found.join("; ");
}

/** The members of a schema; each level is built when it is opened. */
function schemaView(schema, depth = 0) {
  const found = resolve(schema);
  const block = make("div", "schema");
  for (const option of found.oneOf || found.anyOf || found.allOf || []) {
    const inner = resolve(option);
    if (inner.properties || inner.items) block.append(folded(typeName(option), option, depth));
  }
  if (found.type === "array" && found.items) return schemaView(found.items, depth);
  for (const [name, member] of Object.entries(found.properties || {})) {
    const inner = resolve(member);
    const must = (found.required || []).includes(name) ? make("span", "must", " required") : null;
    const title = make("span", "", make("code", "", name), make("span", "type", ` ${typeName(member)} ${bounds(inner)}`), must);
    const deep = resolve(inner.type === "array" ? inner.items : (inner.oneOf || inner.anyOf || [inner]).map(resolve).find((one) => one.properties) || inner);
    const line = deep.properties && depth < 8 ? folded(title, inner.type === "array" ? inner.items : deep, depth) : make("div", "leaf", title);
    if (member.description || inner.description) line.append(make("div", "quiet leaf", ...inline(member.description || inner.description)));
    block.append(line);
  }
  return block;
}

function folded(title, schema, depth) {
  const details = make("details", "", make("summary", "", title));
  details.addEventListener("toggle", () => { if (details.open && !details.dataset.built) { details.dataset.built = "1"; details.append(schemaView(schema, depth + 1)); } });
  return details;
}

function examplesOf(content) {
  const found = Object.entries(content.examples || {}).map(([name, entry]) => [resolve(entry).summary || name, resolve(entry).value]);
  if (content.example !== undefined) found.push(["example", content.example]);
  return found;
}

function operationView(method, path, operation, common) {
  const block = make("div");
  block.append(prose(operation.description));
  const parameters = [...common, ...(operation.parameters || [])].map(resolve);
  const inputs = new Map();
  if (parameters.length) {
    const grid = make("div", "grid");
    for (const parameter of parameters) {
      const input = make("input");
      input.name = parameter.name;
      input.title = parameter.description || "";
      if (parameter.required && parameter.example !== undefined) input.value = parameter.example;
      else input.placeholder = parameter.example ?? "";
      inputs.set(parameter, input);
      grid.append(make("label", "", make("code", "", parameter.name), make("span", "type", ` ${parameter.in} ${typeName(parameter.schema || {})}`)), input);
    }
    block.append(make("h3", "", "Parameters"), grid);
  }
  const contents = operation.requestBody ? resolve(operation.requestBody).content : {};
  const media = Object.keys(contents)[0];
  let text = null;
  const files = new Map();
  if (media) {
    block.append(make("h3", "", `Body (${media})`));
    text = make("textarea");
    text.spellcheck = false;
    const examples = examplesOf(contents[media]);
    const select = make("select");
    examples.forEach(([name], index) => { const option = make("option", "", name.replaceAll("`", "")); option.value = String(index); select.append(option); });
    const fill = () => { if (examples.length) text.value = JSON.stringify(examples[Number(select.value)][1], null, 2); };
    select.addEventListener("change", fill);
    fill();
    if (examples.length > 1) block.append(select);
    block.append(text);
    if (media === "multipart/form-data") {
      for (const [name, member] of Object.entries(resolve(contents[media].schema).properties || {})) {
        if (resolve(member).format !== "binary") continue;
        const chooser = make("input");
        chooser.type = "file";
        files.set(name, chooser);
        block.append(make("label", "", `${name}: `, chooser));
      }
    }
  }
  const fault = make("input");
  fault.placeholder = "X-Mock-Fault, for example latency;seconds=1";
  fault.size = 42;
  const send = make("button", "send", "Try it");
  send.type = "button";
  const result = make("pre", "answer");
  block.append(make("h3", "", "Try it"), make("div", "row", fault, send), result);
  send.addEventListener("click", () => tryIt({ method, path, inputs, media, text, files, fault, result }));
  if (media) block.append(make("h3", "", "Schema of the body"), schemaView(contents[media].schema || {}));
  block.append(make("h3", "", "Answers"));
  for (const [status, entry] of Object.entries(operation.responses || {})) {
    const response = resolve(entry);
    const line = make("details", "", make("summary", "", make("code", `s${status[0]}`, status), ` ${response.description || ""}`));
    for (const [kind, content] of Object.entries(response.content || {})) {
      line.append(make("h3", "", kind), schemaView(content.schema || {}));
      for (const [name, value] of examplesOf(content)) line.append(make("div", "quiet", name), make("pre", "", JSON.stringify(value, null, 2)));
    }
    block.append(line);
  }
  return block;
}

async function tryIt({ method, path, inputs, media, text, files, fault, result }) {
  const query = new URLSearchParams();
  const headers = {};
  const key = document.getElementById("key").value.trim();
  if (key) headers.authorization = `Bearer ${key}`;
  for (const [parameter, input] of inputs) {
    if (!input.value) continue;
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, input.value.split("/").map(encodeURIComponent).join("/"));
    else if (parameter.in === "query") query.append(parameter.name, input.value);
    else headers[parameter.name] = input.value;
  }
  if (fault.value.trim()) headers["x-mock-fault"] = fault.value.trim();
  const init = { method: method.toUpperCase(), headers };
  result.textContent = "";
  result.dataset.state = "sending";
  try {
    if (media === "multipart/form-data") {
      const form = new FormData();
      for (const [name, value] of Object.entries(JSON.parse(text.value || "{}"))) if (!files.has(name)) form.append(name, String(value));
      for (const [name, chooser] of files) if (chooser.files.length) form.append(name, chooser.files[0]);
      init.body = form;
    } else if (media && text.value.trim()) {
      headers["content-type"] = media.includes("json") ? media : "application/json";
      init.body = text.value;
    }
    const url = `/api/v1${path}${query.size ? "?" + query : ""}`;
    await exchange(url, init, (data) => result.append(data, "\n"), (body, response) => {
      let shown = body;
      try { shown = JSON.stringify(JSON.parse(body), null, 2); } catch { /* not JSON: shown unchanged */ }
      result.append(`${response.status}\n`, shown);
    });
  } catch (error) {
    result.append(String(error));
  }
  result.dataset.state = "done";
}

async function start() {
  spec = await (await fetch("/openapi.json")).json();
  document.getElementById("key").value = (await (await admin("/status")).json()).api_key;
  document.getElementById("title").textContent = spec.info.title;
  document.getElementById("version").textContent = spec.info.version;
  document.getElementById("about").append(prose(spec.info.description));
  const groups = new Map((spec.tags || []).map((tag) => [tag.name, { about: tag.description, rows: [] }]));
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of methods) {
      if (!item[method]) continue;
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, { about: "", rows: [] });
      groups.get(tag).rows.push([method, path, item[method], item.parameters || []]);
    }
  }
  const side = document.getElementById("side");
  const main = document.getElementById("operations");
  for (const [tag, { about, rows }] of groups) {
    side.append(make("h3", "", tag));
    main.append(make("h2", "", tag), make("p", "quiet", about || ""));
    for (const [method, path, operation, common] of rows) {
      const id = operation.operationId || `${method}-${path}`;
      const link = make("a", "", operation.summary || path);
      link.href = `#${id}`;
      side.append(link);
      const verb = method.toUpperCase();
      const details = make("details", "op", make("summary", "", make("span", `verb ${verb}`, verb), make("code", "", path), make("span", "quiet", operation.summary || "")));
      details.id = id;
      details.addEventListener("toggle", () => {
        if (!details.open || details.dataset.built) return;
        details.dataset.built = "1";
        details.append(operationView(method, path, operation, common));
      });
      link.addEventListener("click", () => { details.open = true; });
      main.append(details);
    }
  }
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted) { wanted.open = true; wanted.scrollIntoView(); }
  document.body.dataset.state = "ready";
}

start();
