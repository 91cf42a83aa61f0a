"""Calls of swanalloc by name, for psycopg 3. An example to copy, not a package.

    swan = Swan(ConnectionPool("dbname=studio user=web"))
    [booking] = swan.call("swan_book", user_id=3, session_id=17, key="a7f3", actor=3)

An error is turned into what to answer a request with: swan.answer(err) is (status, body).
"""
import json
import random
import re
import time

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

AGAIN = {"40001", "40P01"}      # the transaction was undone: it may run again from its start


def is_lost(err):
    """Whether the connection ended: then nobody knows whether the call was done."""
    return isinstance(err, psycopg.OperationalError) and (err.sqlstate is None or err.sqlstate.startswith(("08", "57P")))


class Swan:
    def __init__(self, pool, attempts=5):
        self.pool = pool
        self.attempts = attempts
        self.errors = {row["sqlstate"]: row for row in self.call("swan_errors")}

    def call(self, name, /, **args):
        """The rows of a swan_* function; args are its arguments by name, None is as good as none."""
        query = sql.SQL("SELECT * FROM {}({})").format(sql.Identifier(name), sql.SQL(", ").join(
            sql.SQL("{} => {}").format(sql.Identifier(arg), sql.Placeholder(arg)) for arg in args))
        for attempt in range(1, self.attempts + 1):
            try:
                with self.pool.connection() as conn:
                    return conn.cursor(row_factory=dict_row).execute(query, args).fetchall()
            except psycopg.Error as err:
                # what may have been done is sent again only with a key, which makes that safe
                repeat = err.sqlstate in AGAIN or (is_lost(err) and args.get("key") is not None)
                if attempt == self.attempts or not repeat:
                    raise
            time.sleep(random.random() * 0.02 * 2 ** attempt)

    def answer(self, err):
        """What to answer: DETAIL of our own errors is JSON and says more than the table."""
        state = getattr(err, "sqlstate", None)
        if state is None:
            # psycopg itself turned down a value, or there was no connection
            state = "22P02" if isinstance(err, (psycopg.DataError, psycopg.ProgrammingError, UnicodeError)) else "08006"
        known = self.errors.get(state) or self.errors["other"]
        detail = json.loads(err.diag.message_detail) if re.match("SW", state) else {}
        detail.pop("http", None)
        return known["http_status"], {"success": False, "code": known["code"], "message": known["message"], **detail}
