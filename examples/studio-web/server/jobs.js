// What nobody asks for and has to be done all the same, every minute: whose turn it is on a waiting list is told, or booked
// for, and what has expired is written down. Several servers may do it at once.
export function jobs(config, db) {
  let timer, running;

  async function round() {
    try {
      await db.query('SELECT FROM swan_promote()');
      await db.query('SELECT FROM swan_expire()');
    } catch (err) {
      console.error(`the jobs wait: ${err.message}`);
    }
    timer = setTimeout(start, config.jobMs);
  }

  const start = () => { running = round(); };
  return { start, stop: async () => { await running; clearTimeout(timer); } };
}
