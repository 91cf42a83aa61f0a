# examples/clients/swan.py against the studio of psycopg_test.py, after it.
import os
import sys

import psycopg
import psycopg_pool

sys.path.insert(0, os.path.join(os.environ["SWAN_DOCS"], "..", "examples", "clients"))
from report import step
from swan import Swan

pool = psycopg_pool.ConnectionPool("", min_size=1, max_size=2)
swan = Swan(pool)


def refused(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except psycopg.Error as err:
        return err
    raise AssertionError("was not refused")


class Failing:
    """A pool whose first connections fail as they are told."""
    def __init__(self, *failures):
        self.failures = [None, *failures]       # the first call reads the errors

    def connection(self):
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        return pool.connection()


@step
def by_name():
    """helper: arguments by name, None is the default"""
    [row] = swan.call("swan_grant", user_id=3, n=2, reason=None, key="h1", actor=1)
    assert row["added"] == 2, row
    assert swan.call("swan_grant", user_id=3, n=2, key="h1", actor=1) == [{**row, "replayed": True}]
    assert len(swan.call("swan_settings")) > 10


@step
def answers():
    """helper: a refusal is an HTTP answer"""
    err = refused(swan.call, "swan_book", user_id=3, session_id=4711, actor=3)
    assert swan.answer(err) == (400, {"success": False, "code": "SESSION_NOT_AVAILABLE", "sessionId": 4711,
                                      "message": "Session is not available for booking."}), swan.answer(err)
    assert swan.answer(refused(swan.call, "swan_grant", user_id=3, n=1, actor=3))[0] == 403
    assert swan.answer(refused(swan.call, "swan_summary", user_id="x", actor=1))[0] == 400
    assert swan.answer(refused(swan.call, "swan_nothing"))[0] == 400
    assert swan.answer(psycopg.OperationalError("connection refused"))[0] == 503


@step
def again():
    """helper: what was undone is sent again with its key, but not for ever"""
    lucky = Swan(Failing(psycopg.errors.SerializationFailure(), psycopg.errors.DeadlockDetected()))
    assert lucky.call("swan_grant", user_id=3, n=2, key="h1", actor=1)[0]["replayed"]
    unlucky = Swan(Failing(*[psycopg.errors.SerializationFailure()] * 9), attempts=3)
    err = refused(unlucky.call, "swan_grant", user_id=3, n=2, actor=1)
    assert unlucky.answer(err)[0] == 503


@step
def lost():
    """helper: what may have been done is sent again only with a key"""
    for failure in psycopg.errors.AdminShutdown(), psycopg.OperationalError("lost"):
        assert Swan(Failing(failure)).call("swan_grant", user_id=3, n=2, key="h1", actor=1)[0]["replayed"]
        assert refused(Swan(Failing(failure)).call, "swan_grant", user_id=3, n=2, actor=1) is failure


pool.close()
print("done")
