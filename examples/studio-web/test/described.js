// Holds an answer against openapi.yaml: that there is the route, the status, and the form of the answer.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

export const api = parse(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'));
const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
ajv.addSchema(api, 'api');
const seen = new Map();

export const routes = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, route]) => ({ method: method.toUpperCase(), path, route })));

export const resolve = ({ $ref, ...rest }) =>
  ($ref ? $ref.split('/').slice(1).reduce((at, part) => at[part], api) : rest);

function find(method, path) {
  const { pathname } = new URL(path, 'http://here');
  // The most literal one, as /open before /{sessionId}.
  return routes
    .filter((one) => one.method === method && new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname))
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
}

const pointer = (...parts) => '#/' + parts.map((part) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1'))).join('/');

export function described(method, path, status, body) {
  const found = find(method, path);
  if (!found) return assert(status === 404, `${method} ${path} is in no description, and is ${status}`);
  const { responses } = found.route;
  const key = responses[status] ? String(status) : `${String(status)[0]}XX`;
  assert(responses[key], `${method} ${found.path} is ${status}, of which the description does not speak`);
  const reference = responses[key].$ref
    ? `${responses[key].$ref}/content/application~1json/schema`
    : pointer('paths', found.path, method.toLowerCase(), 'responses', key, 'content', 'application/json', 'schema');
  const validate = ajv.getSchema(`api${reference}`);
  assert(validate(body), `${method} ${path} ${status}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
  seen.set(`${method} ${found.path}`, (seen.get(`${method} ${found.path}`) ?? new Set()).add(key));
}

// Routes that no answer of this process has come from with success.
export const unseen = () => routes.filter(({ method, path }) =>
  ![...seen.get(`${method} ${path}`) ?? []].some((status) => status.startsWith('2')));
