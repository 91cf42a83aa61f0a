// Every failure becomes a status and {success: false, code, message}, and whatever number belongs to it.

// A refusal of our own, in the words of the pages.
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

export const unauthenticated = () => new Refusal(401, 'UNAUTHENTICATED', 'Authentication expired. Please log in again.');

// What express and its body parser refuse.
const texts = {
  400: ['INVALID_JSON', 'The request body is not valid JSON.'],
  413: ['BODY_TOO_LARGE', 'The request body is too large.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'The request body must be JSON in UTF-8.'],
};

export function errorAnswers(pool) {
  let errors;

  // swan_errors() is read once, as soon as the database can be reached.
  async function known(sqlstate) {
    errors ??= pool.query('SELECT * FROM swan_errors()').then((rows) => new Map(rows.map((row) => [row.sqlstate, row])));
    try {
      return (await errors).get(sqlstate) ?? (await errors).get('other');
    } catch {
      errors = undefined;
      return { code: 'RETRY', http_status: 503, message: 'The database cannot be reached. Please try again.' };
    }
  }

  async function answerOf(err) {
    if (err instanceof Refusal) return [err.status, { code: err.code, message: err.message }];
    if (err.status >= 400 && err.status < 500) {
      const [code, message] = texts[err.status] ?? ['BAD_REQUEST', 'The request is not valid.'];
      return [err.status, { code, message }];
    }
    // An error that the server has not sent: the way to it is lost, or no connection became free.
    const sqlstate = err.severity ? err.code : /^E[A-Z]+$|^08/.test(err.code ?? '') || /connect|terminat/i.test(err.message) ? '08006' : 'other';
    const { code, http_status: status, message } = await known(sqlstate);
    const { http, ...detail } = /^SW/.test(sqlstate) ? JSON.parse(err.detail) : {};
    return [status, { code, message, ...detail }];
  }

  // The last middleware. A route's own words for a code, where the studio's pages say it otherwise, are in res.locals.words.
  return async (err, req, res, next) => {
    const [status, body] = await answerOf(err);
    if (status >= 500) console.error(`${req.method} ${req.path}: ${err.code ?? ''} ${err.message}`);
    if (res.headersSent) return next(err);
    const message = res.locals.words?.[body.code] ?? body.message;
    res.status(status).json({ success: false, ...body, message });
  };
}
