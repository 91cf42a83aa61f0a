// Says how a step went, for test/t/Drivers.pm to count.
'use strict';
const assert = require('assert');

async function step(name, run) {
  try {
    await run();
    console.log(`ok - ${name}`);
  } catch (err) {
    console.log(`not ok - ${name}`);
    console.log([err.original, err.stack || err].join('\n').replace(/^/gm, '# '));
  }
}

// The error that a promise ends with; one that does not fail is an error.
async function refused(promise) {
  try {
    await promise;
  } catch (err) {
    return err.original || err;
  }
  throw new Error('was not refused');
}

// What a client may send for an id, and no driver may answer with anything but 400.
const wrongIds = [2.5, true, false, [3], [], [[1], [2, 3]], {}, { id: 3 }, 1e30, '1e30', '', 'abc', '__proto__', 'constructor',
  '99999999999999999999', '3\0', '\u0000', '\ud800', '1; DROP TABLE users', 'x'.repeat(50000)];

function main(run) {
  run().then(() => console.log('done'), (err) => {
    console.log(String(err.stack || err).replace(/^/gm, '# '));
    process.exitCode = 1;
  });
}

module.exports = { assert, step, refused, wrongIds, main };
