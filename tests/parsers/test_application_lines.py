"""The lines of an application's log that say why it failed."""

import pytest

from diagnose.parsers.application_lines import telling_lines

DJANGO = """\
[2026-11-26 10:00:00 +0000] [12] [ERROR] Error handling request /
Traceback (most recent call last):
  File "/srv/shop/views.py", line 12, in index
    rows = Item.objects.all()
django.db.utils.OperationalError: could not connect to server: Connection refused
"""
UWSGI = """\
--- no python application found, check your startup logs for errors ---
[pid: 12|app: -1|req: -1/1] 127.0.0.1 () {40 vars in 560 bytes} [Thu] GET / => generated 21 bytes
"""
JAVA = """\
2026-11-26 10:00:00.123 ERROR 12 --- [nio-8080] o.a.c.c.C.[.[.[/]: Servlet.service() threw exception
java.net.ConnectException: Connection refused
\tat java.base/sun.nio.ch.Net.connect0(Native Method)
Caused by: org.postgresql.util.PSQLException: FATAL: database "shop" does not exist
\t... 12 more
"""
RAILS = """\
F, [2026-11-27T00:00:00.000 #1] FATAL -- : [4f1c-a2] ArgumentError (Missing `secret_key_base` for \
'production' environment):
"""
NODE = """\
Error: Cannot find module './config'
    at Function.Module._resolveFilename (node:internal/modules/cjs/loader:1)
127.0.0.1 - - "GET / HTTP/1.1" 500 21
"""


@pytest.mark.parametrize(
    ("text", "last"),
    [
        (
            DJANGO,
            "django.db.utils.OperationalError: could not connect to server: Connection refused",
        ),
        (UWSGI, "--- no python application found, check your startup logs for errors ---"),
        (
            JAVA,
            'Caused by: org.postgresql.util.PSQLException: FATAL: database "shop" does not exist',
        ),
        (NODE, "Error: Cannot find module './config'"),
        ("listening on 3000\n", "listening on 3000"),
        (
            JAVA * 2,
            'Caused by: org.postgresql.util.PSQLException: FATAL: database "shop" does not exist',
        ),
        (RAILS, "ArgumentError (Missing `secret_key_base` for 'production' environment):"),
    ],
)
def test_the_last_line_says_most(text: str, last: str) -> None:
    lines = telling_lines(text)
    assert lines[-1] == last
    assert len(lines) <= 3


def test_what_is_odd_is_bounded_and_cleaned() -> None:
    assert telling_lines("") == ()
    assert telling_lines("  \n\n") == ()
    (line,) = telling_lines("Error: " + "x" * 5000 + "\x1b[31m")
    assert len(line) <= 300
    assert "\x1b" not in line
    assert len(telling_lines("error \n" * 10_000)) <= 3


def test_secrets_are_hidden() -> None:
    (line,) = telling_lines("OperationalError: postgresql://shop:hunter2@db/shop refused")
    assert "hunter2" not in line
