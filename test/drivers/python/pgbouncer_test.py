# psycopg through PgBouncer in transaction mode, two clients on one connection of
# the server, as docs/backends.md says. SWAN_POOLED is the socket directory.
import os

import psycopg_pool

from report import document, step


@step
def pooled():
    """docs/backends.md: with prepare_threshold=None its code books and answers, however often"""
    conninfo = "host=" + os.environ["SWAN_POOLED"]
    for _ in range(2):
        with psycopg_pool.ConnectionPool(conninfo, min_size=1, max_size=1, kwargs={"prepare_threshold": None}) as one, \
                psycopg_pool.ConnectionPool(conninfo, min_size=1, max_size=1, kwargs={"prepare_threshold": None}) as other:
            for i in range(12):
                for pool in (one, other):
                    book = document(pool)
                    assert book(3, 999, None, 3)[0] == 400
                    assert book(3, 20, "same", 1)[0] == 200


print("done")
