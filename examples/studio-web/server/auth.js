// Who is asking: a password once, then a signed token as bearer or in a cookie that scripts cannot read.
import bcrypt from 'bcryptjs';
import express from 'express';
import { jwtVerify, SignJWT } from 'jose';
import { camel } from './db.js';
import { Refusal, unauthenticated } from './errors.js';
import { text } from './values.js';

const COOKIE = 'studio_session';
// What a password is compared with when nobody has that address, so that it takes as long.
const NOBODY = bcrypt.hashSync('nobody', 10);

export function authentication(config, pool) {
  const secret = new TextEncoder().encode(config.sessionSecret);
  const cookie = { httpOnly: true, sameSite: 'strict', secure: config.secureCookies, path: '/' };

  const tokenOf = (userId) => new SignJWT().setProtectedHeader({ alg: 'HS256' })
    .setSubject(String(userId)).setIssuedAt().setExpirationTime(`${config.sessionHours}h`).sign(secret);

  function tokenIn(req) {
    const [, bearer] = /^Bearer (.+)$/.exec(req.get('Authorization') ?? '') ?? [];
    return bearer ?? new RegExp(`(?:^|; )${COOKIE}=([^;]*)`).exec(req.get('Cookie') ?? '')?.[1];
  }

  // Sets req.user = { id, expires }. What that person may do is for the database to say, on each call.
  async function protect(req, res, next) {
    const { payload } = await jwtVerify(tokenIn(req) ?? '', secret, { algorithms: ['HS256'] }).catch(() => { throw unauthenticated(); });
    if (!/^[1-9]\d*$/.test(payload.sub ?? '')) throw unauthenticated();
    req.user = { id: payload.sub, expires: payload.exp * 1000 };
    next();
  }

  const person = (userId) => pool.one('SELECT id, first_name, last_name, email, role FROM studio.users WHERE id = $1', [userId]);

  const router = express.Router();

  router.post('/login', async (req, res) => {
    const { email, password } = req.body ?? {};
    if (!email || !password) throw new Refusal(400, 'MISSING_REQUIRED_FIELDS', 'E-mail address and password are required');
    const found = await pool.one(
      'SELECT id, hash FROM studio.users JOIN web.password ON user_id = id WHERE lower(email) = lower($1)', [text(email)]);
    const right = await bcrypt.compare(text(password), found?.hash ?? NOBODY);
    if (!found || !right) throw new Refusal(401, 'WRONG_PASSWORD', 'E-mail address or password is wrong.');
    const token = await tokenOf(found.id);
    res.cookie(COOKIE, token, { ...cookie, maxAge: config.sessionHours * 3600e3 });
    res.json({ success: true, token, user: camel(await person(found.id)) });
  });

  router.post('/logout', (req, res) => {
    res.clearCookie(COOKIE, cookie);
    res.json({ success: true });
  });

  router.get('/me', protect, async (req, res) => {
    const found = await person(req.user.id);
    if (!found) throw unauthenticated();
    res.json({ success: true, user: camel(found) });
  });

  return { router, protect, person };
}
