// Starts the server, and ends it when it is told to.
import { createApp } from './app.js';
import { readConfig } from './config.js';
import { openPool } from './db.js';
import { jobs } from './jobs.js';

const config = readConfig();
const pools = { web: openPool(config.web), hook: openPool(config.hook), feed: openPool(config.feed) };
const { app, events } = createApp(config, pools);
const chores = jobs(config, pools.hook);

events.start();
chores.start();
const server = app.listen(config.port, config.host, (err) => {
  if (err) {
    console.error(`studio-web: ${err.message}`);
    process.exit(1);
  }
  console.log(`studio-web: http://${config.host}:${server.address().port}`);
});

// What is under way is finished, for some seconds.
let ending = false;
async function stop() {
  if (ending) return;
  ending = true;
  const closed = new Promise((resolve) => server.close(resolve));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const enough = setTimeout(() => server.closeAllConnections(), 5000);
  await Promise.all([events.stop(), chores.stop()]);
  await closed;
  clearInterval(idle);
  clearTimeout(enough);
  await Promise.all(Object.values(pools).map((pool) => pool.end()));
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
