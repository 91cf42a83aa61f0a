// The application: what comes in, in its order.
import express from 'express';
import { authentication } from './auth.js';
import { errorAnswers, Refusal } from './errors.js';
import { changeFeed } from './events.js';
import { pages } from './pages.js';
import { bookingRoutes } from './routes/bookings.js';
import { creditRoutes } from './routes/credits.js';
import { scheduleRoutes } from './routes/schedule.js';
import { sessionRoutes } from './routes/sessions.js';
import { studioRoutes } from './routes/studio.js';
import { webhook } from './webhook.js';

export function createApp(config, { web, hook, feed }) {
  const app = express();
  const auth = authentication(config, web);
  const events = changeFeed(config, feed, auth.person);

  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((req, res, next) => {
    res.set({
      'Content-Security-Policy': "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
    });
    next();
  });

  app.use('/webhook', webhook(config, hook));

  app.use('/api', sameOrigin, express.json({ limit: '100kb' }), (req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.use('/api/auth', auth.router);
  app.use('/api/events', auth.protect, events.router);
  app.use('/api/sessions', auth.protect, sessionRoutes(web), scheduleRoutes(web), creditRoutes(web), bookingRoutes(web));
  app.use('/api', auth.protect, studioRoutes(web));
  app.use('/api', () => { throw new Refusal(404, 'NOT_FOUND', 'There is no such route.'); });

  app.use(pages());
  app.use(errorAnswers(web));
  return { app, events };
}

// The cookie is not sent from elsewhere; a browser that says where a request comes from is believed all the same.
function sameOrigin(req, res, next) {
  const site = req.get('Sec-Fetch-Site') ?? 'none';
  if (req.method !== 'GET' && site !== 'none' && site !== 'same-origin')
    throw new Refusal(403, 'UNAUTHORIZED_ACCESS', 'You are not allowed to do this.');
  next();
}
