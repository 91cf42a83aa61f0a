// The pages that Vite has built. Every path that is no file is one of theirs: they find the way themselves.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { Refusal } from './errors.js';

const dist = fileURLToPath(new URL('../web/dist', import.meta.url));

export function pages() {
  const router = express.Router();
  router.use('/assets', express.static(`${dist}/assets`, { immutable: true, maxAge: '1y', fallthrough: false }));
  router.use(express.static(dist, { index: false }));
  router.get('/{*path}', (req, res) => {
    if (!existsSync(`${dist}/index.html`)) throw new Refusal(404, 'NOT_FOUND', 'The pages are not built: npm run build.');
    res.set('Cache-Control', 'no-cache').sendFile('index.html', { root: dist });
  });
  return router;
}
