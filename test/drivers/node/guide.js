// The JavaScript of docs/adopting.md: what stands in a file of its own is a module,
// the rest are the routes and functions of before and of after.
'use strict';
const documents = require('./documents');

const functions = ['addSessionsToUser', 'getUserSessionSummary'];

// A block that begins with "// some/file.js".
const fileOf = ({ code }) => (/^\/\/ (\S+\.js)\n/.exec(code) || [])[1];

// scope: sequelize, User, Session, and for the routes of Express express, stripe.
module.exports = function guide(scope) {
  const all = documents.blocks('adopting.md');
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
    for (const block of blocks.filter((one) => /^await /.test(one.code))) {
      found.webhook = new Function(...Object.keys(names), `return async (sessionCount, userId) => { ${block.code} }`)(...Object.values(names));
    }
    const rest = blocks.filter((one) => !/^await /.test(one.code)).map((one) => one.code).join('\n');
    const answer = documents.run(rest, names, functions);
    return { ...found, ...answer };
  };
  const plain = all.filter((block) => !fileOf(block));
  const old = (block) => block.above.startsWith('Before');
  return {
    before: routes(plain.filter(old)),
    after: routes(plain.filter((block) => !old(block))),
    modules,
    // What app.js does with an app of Express.
    finish: (app) => documents.run(code('app.js'), { app, ...modules['./swan'] }, []),
  };
};
