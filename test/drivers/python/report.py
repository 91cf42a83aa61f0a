# Says how a step went, for test/t/Drivers.pm to count; loads the code of
# docs/backends.md.
import os
import re
import traceback


def step(run):
    name = run.__doc__
    try:
        run()
        print("ok - " + name)
    except Exception:
        print("not ok - " + name)
        print(re.sub("^", "# ", traceback.format_exc(), flags=re.M))


def document(pool):
    """Returns book() of docs/backends.md, as a function of a request."""
    with open(os.path.join(os.environ["SWAN_DOCS"], "backends.md"), encoding="utf-8") as file:
        code = re.search(r"^```python\n(.*?)^```$", file.read(), re.M | re.S).group(1)
    names = {}
    exec(code, names)
    errors = names["read_errors"](pool)
    return lambda *request: names["book"](pool, errors, *request)
