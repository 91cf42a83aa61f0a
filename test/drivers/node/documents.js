// The JavaScript of the documentation, as functions that can be called.
'use strict';
const fs = require('fs');
const path = require('path');

// Blocks of a language with the paragraph above each.
function blocks(name, language = 'js') {
  const text = fs.readFileSync(path.join(process.env.SWAN_DOCS, name), 'utf8');
  const found = [];
  let at = 0;
  for (const match of text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))) {
    const above = text.slice(at, match.index).trim().split(/\n\n/).pop();
    found.push({ above, code: match[1] });
    at = match.index + match[0].length;
  }
  return found;
}

// Runs pieces of code with some names defined; returns those of its functions.
function run(code, scope, functions) {
  const names = Object.keys(scope);
  const answer = functions.map((name) => `${name}: typeof ${name} === 'undefined' ? undefined : ${name}`);
  return new Function(...names, `${code}\nreturn { ${answer.join(', ')} };`)(...names.map((name) => scope[name]));
}

module.exports = { blocks, run };
