// What the environment says. Nothing secret has a default.
const required = (name) => process.env[name] || fail(`${name} is not set, see README.md`);

function fail(message) {
  console.error(`studio-web: ${message}`);
  process.exit(2);
}

export function readConfig() {
  return {
    port: Number(process.env.PORT ?? 3001),
    host: process.env.HOST ?? '127.0.0.1',
    sessionSecret: required('SESSION_SECRET'),
    sessionHours: Number(process.env.SESSION_HOURS ?? 12),
    webhookSecret: required('STRIPE_WEBHOOK_SECRET'),
    secureCookies: process.env.NODE_ENV === 'production',
    // PGHOST, PGPORT, PGDATABASE and the rest are read by pg itself. The three logins differ in what they may do.
    web: { user: process.env.PGUSER ?? 'studio_web', password: process.env.PGPASSWORD, max: 20 },
    hook: { user: process.env.HOOK_PGUSER ?? 'studio_hook', password: process.env.HOOK_PGPASSWORD, max: 4 },
    feed: { user: process.env.FEED_PGUSER ?? 'studio_feed', password: process.env.FEED_PGPASSWORD, max: 4 },
    pollMs: Number(process.env.POLL_MS ?? 250),
    jobMs: Number(process.env.JOB_MS ?? 60000),
    beatMs: Number(process.env.BEAT_MS ?? 15000),
  };
}
