// What the tours on Node share: `call` adds one call of a tour, `main` makes them all and prints a line of JSON for each.

export const URL = process.env.MOCK_URL;
export const KEY = process.env.MOCK_KEY;
export const V1 = `${URL}/v1`;
const calls = [];

export const call = (name, made) => calls.push([name, made]);

export async function admin(method, path, body) {
  const answer = await fetch(`${URL}/__mock__${path}`, { method, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

export const script = (fields) => admin("POST", "/answers", fields);

export async function rejects(promise, status) {
  let found;
  try {
    await promise;
  } catch (error) {
    found = error;
  }
  if (!found) throw new Error("it was answered");
  const seen = found.status ?? found.statusCode ?? found.lastError?.statusCode;
  if (seen !== status) throw new Error(`the status is ${seen}: ${found}`);
  return found;
}

export async function main() {
  for (const [name, made] of calls) {
    await admin("POST", "/reset", {});
    let problem = null;
    try {
      await made();
    } catch (error) {
      const line = /tour\.mjs:(\d+)/.exec(error.stack?.replace(/.*\/tour\.mjs.*/g, "") ?? "");
      problem = `${line ? `line ${line[1]}: ` : ""}${error.name}: ${error.message}`.slice(0, 700);
    }
    console.log(JSON.stringify({ call: name, problem, skipped: null }));
  }
}
