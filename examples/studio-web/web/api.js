// Calls of the backend. Whatever goes wrong is a Failure with a sentence that can be shown.

export class Failure extends Error {
  constructor(message, { status = 0, code = 'OFFLINE', ...more } = {}) {
    super(message);
    Object.assign(this, { status, code, ...more });
  }

  // Nobody can say whether the request had its effect: send it again, with the same key.
  get unanswered() { return this.status === 0 || this.status >= 500; }
}

const OFFLINE = 'Network error. Please check your connection and try again.';
let onExpired = () => {};

// What to do when the log-in has expired.
export const whenExpired = (act) => { onExpired = act; };

// Makes a request safe to repeat. One for each thing that somebody wants done, however often it is sent.
export const newKey = () => crypto.randomUUID();

async function send(method, path, body, key) {
  let response, answer;
  try {
    response = await fetch(path, {
      method,
      headers: { ...(body && { 'Content-Type': 'application/json' }), ...(key && { 'Idempotency-Key': key }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
    });
    answer = await response.json();
  } catch {
    throw new Failure(OFFLINE);
  }
  if (response.ok) return { answer, next: /<([^>]*)>; rel="next"/.exec(response.headers.get('Link') ?? '')?.[1] ?? null };
  const { message, ...more } = answer;
  if (response.status === 401 && answer.code === 'UNAUTHENTICATED') onExpired(message);
  throw new Failure(message, { ...more, status: response.status });
}

// A path with its parameters; those that are empty are left out.
export function url(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value != null && value !== ''));
  return query.size > 0 ? `${path}?${query}` : path;
}

export const get = async (path) => (await send('GET', path)).answer;

// A page of a list: { rows, next }, where next is the path of the page after it.
export async function getPage(path) {
  const { answer, next } = await send('GET', path);
  return { rows: Array.isArray(answer) ? answer : answer.data, next };
}

// All pages of a list, for lists that are as long as a week or a person's history.
export async function getAll(path) {
  const rows = [];
  for (let next = path; next;) {
    const page = await getPage(next);
    rows.push(...page.rows);
    next = page.next;
  }
  return rows;
}

export const post = async (path, body = {}, key) => (await send('POST', path, body, key)).answer;
