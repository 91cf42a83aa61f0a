// The JavaScript of docs/adopting.md, and of docs/credits.md what Stripe sends: what stands in a
// file of its own is a module, the rest are routes and functions. Those of before are in before.js.
'use strict';
const documents = require('./documents');
const before = require('./before');

const functions = ['addSessionsToUser', 'getUserSessionSummary'];

// A block that begins with "// some/file.js".
const fileOf = ({ code }) => (/^\/\/ (\S+\.js)\n/.exec(code) || [])[1];

// scope: sequelize, User, Session, and for the routes of Express express, stripe.
module.exports = function guide(scope) {
  const all = [...documents.blocks('adopting.md'), ...documents.blocks('credits.md')];
  const code = (file) => all.find((block) => fileOf(block) === file).code;
  const modules = { './index': { sequelize: scope.sequelize } };
  const load = (name) => modules[name] || require(name);
  for (const file of ['db/swan.js', 'db/jobs.js']) {
    const module = { exports: {} };
    documents.run(code(file), { module, require: load, console: { error: () => {} },
      process: { env: { ...process.env, JOBS_USER: process.env.SWAN_JOBS } } }, []);
    modules[`./${file.slice(3, -3)}`] = module.exports;
  }
  // Routes are lists of handlers, under their paths.
  const routes = (blocks) => {
    const found = {};
    const router = { post: (path, ...handlers) => { found[path] = handlers; } };
    const names = { express: { raw: () => {} }, stripe: {}, ...scope, ...modules['./swan'], ...modules['./jobs'], router, protect: scope.protect || (() => {}) };
    const rest = blocks.map((one) => one.code).join('\n');
    const answer = documents.run(rest, names, functions);
    return { ...found, ...answer };
  };
  return {
    before: before(scope),
    after: routes(all.filter((block) => !fileOf(block))),
    modules,
    // What app.js does with an app of Express.
    finish: (app) => documents.run(code('app.js'), { app, ...modules['./swan'] }, []),
  };
};
