# psycopg2, and what stands on it, against the studio of psycopg_test.py, after it: what each makes of a call and of its error.
import json

import psycopg2

from report import step

conn = psycopg2.connect("")
conn.autocommit = True


@step
def plain():
    """psycopg2: values are written into the statement; pgcode, and DETAIL in diag"""
    cursor = conn.cursor()
    cursor.execute("SELECT added, user_id FROM swan_grant(%s, %s, key => %s, actor => %s)", (3, 1, "p2", 1))
    assert cursor.fetchone() == (1, 3)
    try:
        cursor.execute("SELECT * FROM swan_book(%s, %s, actor => %s)", (3, 4711, 3))
        raise AssertionError("was not refused")
    except psycopg2.Error as err:
        assert err.pgcode == "SW002" and json.loads(err.diag.message_detail)["sessionId"] == 4711, err


def with_sqlalchemy():
    import sqlalchemy
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    book = sqlalchemy.text("SELECT * FROM swan_book(:user, :session, actor => :actor)")

    @step
    def calls():
        """SQLAlchemy: text() with named values; the driver's error is orig"""
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("SELECT swan_act_as(:id)"), {"id": 1})
            assert connection.execute(sqlalchemy.text("SELECT added FROM swan_grant(:user, :n, key => :key)"),
                                      {"user": 3, "n": 1, "key": "sa"}).scalar_one() == 1
        try:
            with engine.begin() as connection:
                connection.execute(book, {"user": 3, "session": 4711, "actor": 3})
            raise AssertionError("was not refused")
        except sqlalchemy.exc.DBAPIError as err:
            assert err.orig.pgcode == "SW002" and json.loads(err.orig.diag.message_detail)["sessionId"] == 4711, err


def with_django():
    import os
    from django.conf import settings
    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"],
                                              "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"], "USER": os.environ["PGUSER"]}})
    import django.db
    from django.db import connection, transaction

    @step
    def calls():
        """Django: cursor.execute(); the driver's error is __cause__"""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT swan_act_as(%s)", [1])
            cursor.execute("SELECT added FROM swan_grant(%s, %s, key => %s)", [3, 1, "dj"])
            assert cursor.fetchone() == (1,)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT * FROM swan_book(%s, %s, actor => %s)", [3, 4711, 3])
            raise AssertionError("was not refused")
        except django.db.Error as err:
            assert err.__cause__.diag.sqlstate == "SW002", err.__cause__
            assert json.loads(err.__cause__.diag.message_detail)["sessionId"] == 4711, err
        connection.close()


for test in with_sqlalchemy, with_django:
    try:
        test()
    except ImportError as err:
        print("# left out: " + str(err))
conn.close()
print("done")
