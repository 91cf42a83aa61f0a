# psycopg 3 against a studio made by swan_create_studio: 1 Ada (admin), 2 Tom
# (trainer), 3 John and 4 Jane (clients), slots 1 to 20. The login is listed as
# backend. Says how each step went.
import datetime
import json
import sys

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
import psycopg_pool

from report import document, step


def refused(conn, *query):
    try:
        with conn.transaction():
            conn.execute(*query)
    except psycopg.Error as err:
        return err
    raise AssertionError("was not refused")


conn = psycopg.connect("", row_factory=dict_row, autocommit=True)


def one(*query):
    return conn.execute(*query).fetchone()


@step
def grant():
    """grant: ids and counts are int, sessions is parsed, a key replays"""
    sql = "SELECT * FROM swan_grant(%s, %s, %s, key => %s, actor => %s)"
    row = one(sql, (3, 5, "Welcome", "g1", 1))
    assert row["user_id"] == 3 and row["added"] == 5 and row["available_sessions"] == 5, row
    assert isinstance(row["ledger_id"], int) and row["replayed"] is False, row
    assert row["sessions"][4]["notes"] == "Welcome - Session 5", row
    assert one(sql, (3, 5, "Welcome", "g1", 1)) == {**row, "replayed": True}


@step
def book():
    """book: an int of any size finds the function, times are aware"""
    row = one("SELECT * FROM swan_book(%(user)s, %(session)s, actor => %(user)s)", {"user": 3, "session": 1})
    assert row["status"] == "scheduled" and row["charged"] is True and row["available_sessions"] == 4, row
    assert row["session_date"] == datetime.datetime(2099, 6, 1, 9, tzinfo=datetime.timezone.utc), row
    err = refused(conn, "SELECT * FROM swan_summary(%s, actor => 1)", (2**62,))
    assert err.sqlstate == "SW003", err
    err = refused(conn, "SELECT * FROM swan_book(%s, 1, actor => 3)", (None,))
    assert err.sqlstate == "SW005", err


@step
def naive():
    """swan_time: a naive datetime or text is of the studio, an aware one is an instant already"""
    def at(value, sql="SELECT swan_time(%s) AS at"):
        return one(sql, (value,))["at"].astimezone(datetime.timezone.utc).isoformat()
    assert at(datetime.datetime(2099, 6, 1, 9)) == "2099-06-01T07:00:00+00:00"
    assert at(datetime.date(2099, 6, 1)) == "2099-05-31T22:00:00+00:00"
    assert at("2099-06-01 09:00") == "2099-06-01T07:00:00+00:00"
    assert at("2099-06-01 09:00Z") == "2099-06-01T09:00:00+00:00"
    assert one("SELECT swan_time(%s) AS at", (None,)) == {"at": None}
    aware = datetime.datetime(2099, 6, 1, 9, tzinfo=datetime.timezone.utc)
    assert refused(conn, "SELECT swan_time(%s)", (aware,)).sqlstate == "42883"
    assert conn.execute("SELECT session_id FROM swan_slots(swan_time(%s), %s)",
                        (datetime.datetime(2099, 6, 2, 11), aware + datetime.timedelta(days=1, minutes=1))
                        ).fetchall() == [{"session_id": 2}]


@step
def purchase():
    """purchase: once; details as jsonb, expiry as timestamptz"""
    sql = """SELECT * FROM swan_purchase(%s, %s, %s, amount_minor => %s, currency => %s, details => %s,
        expires_at => %s, actor => %s)"""
    args = (4, 10, "pi_1", 50000, "USD", Jsonb({"campaign": "summer"}),
            datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc), 1)
    row = one(sql, args)
    assert row["added"] == 10, row
    assert one(sql, args) == {**row, "replayed": True}
    lot = one("SELECT * FROM swan_credits(4, actor => 4)")
    assert lot["remaining"] == 10 and lot["expires_at"].year == 2099, lot


@step
def refusal():
    """refusal: SQLSTATE, the JSON of DETAIL, hint"""
    one("SELECT * FROM swan_revoke(4, actor => 1)")
    err = refused(conn, "SELECT * FROM swan_book(4, 2, actor => 4)")
    assert err.sqlstate == "SW001" and isinstance(err, psycopg.DatabaseError), err
    assert json.loads(err.diag.message_detail) == {
        "code": "INSUFFICIENT_SESSIONS", "http": 400, "availableSessions": 0,
        "message": "No available sessions. Please purchase a session package to book this session."}
    assert err.diag.message_hint


@step
def actors():
    """actor: none, NULL, one without the right"""
    for query in (("SELECT * FROM swan_grant(3, 1)",), ("SELECT * FROM swan_grant(3, 1, actor => %s)", (None,)),
                  ("SELECT * FROM swan_grant(3, 1, actor => 3)",), ("SELECT * FROM swan_book(3, 2, actor => 4)",)):
        err = refused(conn, *query)
        assert err.sqlstate == "SW006" and json.loads(err.diag.message_detail)["http"] == 403, (query, err)


@step
def act_as():
    """swan_act_as holds for a transaction, through a savepoint, and no longer"""
    with conn.transaction():
        one("SELECT swan_act_as(%s)", (3,))
        assert one("SELECT * FROM swan_actor()")["user_id"] == 3
        err = refused(conn, "SELECT * FROM swan_book(3, 1)")
        assert err.sqlstate == "SW002", err
        assert one("SELECT * FROM swan_book(3, 2)")["available_sessions"] == 3
    assert refused(conn, "SELECT * FROM swan_summary(3)").sqlstate == "SW006"


@step
def prepared():
    """statements that psycopg prepares on the server, and a pipeline"""
    for _ in range(8):
        row = conn.execute("SELECT * FROM swan_can_book(%s, %s, actor => 3)", (3, 1), prepare=True).fetchone()
        assert row["code"] == "SESSION_NOT_AVAILABLE", row
    with conn.pipeline():
        first = conn.execute("SELECT * FROM swan_book(3, 3, actor => 3)")
        second = conn.execute("SELECT * FROM swan_summary(3, actor => 3)")
        assert first.fetchone()["available_sessions"] == 2
        assert second.fetchone()["scheduled"] == 3


@step
def binary():
    """results in binary"""
    row = conn.execute("SELECT * FROM swan_summary(3, actor => 3)", binary=True).fetchone()
    assert row["available"] == 2 and row["scheduled"] == 3 and row["warning"] == "low", row


@step
def executemany():
    """executemany: the refused booking takes the others with it"""
    try:
        with conn.transaction():
            conn.cursor().executemany("SELECT * FROM swan_book(3, %s, actor => 3)", [(4,), (5,), (6,)])
        raise AssertionError("was not refused")
    except psycopg.Error as err:
        assert err.sqlstate == "SW001", err
    assert one("SELECT * FROM swan_summary(3, actor => 3)")["available"] == 2


def document_step(run):
    def inner():
        with psycopg_pool.ConnectionPool("", min_size=1, max_size=1) as pool:
            run(pool, document(pool))
    inner.__doc__ = run.__doc__
    step(inner)


def pid_of(pool):
    with pool.connection() as conn:
        return conn.execute("SELECT pg_backend_pid()").fetchone()[0]


@document_step
def answers(pool, book):
    """docs/backends.md: its code books and answers"""
    status, body = book(3, 7, "k1", 3)
    assert status == 200 and body["available_sessions"] == 1 and body["replayed"] is False, body
    assert book(3, 7, "k1", 3)[1]["replayed"] is True
    assert book(3, 7, "k2", 3) == (400, {
        "success": False, "code": "SESSION_NOT_AVAILABLE",
        "message": "Session is not available for booking.", "sessionId": 7})
    assert book(3, 8, "k3", None)[0] == 403


@document_step
def wrong_types(pool, book):
    """docs/backends.md: a wrong type is 400, a key that is none too"""
    for value in (2.5, float("nan"), True, [3], [], [[1], [2, 3]], [1, "a"], [None], {}, {"id": 3}, 10**30, -10**30, "1e30", "", "abc",
                  "99999999999999999999", "3\0", "\0", ["\0"], "\ud800", "1; DROP TABLE users", "x" * 50000):
        for request in ((3, value, "k4", 3), (value, 8, "k4", 3)):
            status, body = book(*request)
            assert (status, body["code"]) == (400, "INVALID_ARGUMENT"), (request, status, body)
    for key in ("a\0b", "", " ", "x" * 256, 5, True, {}):
        assert book(3, 8, key, 3)[0] == 400, key


@document_step
def same_process(pool, book):
    """docs/backends.md: a refusal keeps the server process"""
    before = pid_of(pool)
    for value in (7, 999, "x", "3\0", 2.5):
        assert book(3, value, None, 3)[0] == 400
    assert pid_of(pool) == before


conn.close()
print("done")
sys.stdout.flush()
