import pytest

from diagnose.parsers.program_words import MAX_TEXT, telling_line

PYTHON = """\
INFO:     127.0.0.1:50000 - "GET / HTTP/1.1" 500 Internal Server Error
Traceback (most recent call last):
  File "/srv/app.py", line 3, in page
    raise error
django.db.utils.OperationalError: could not connect to server: Connection refused
\tIs the server running on host "127.0.0.1"?
"""
NODE = """\
node:internal/modules/cjs/loader:1228
  throw err;
Error: Cannot find module '/srv/shop/main.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)
Node.js v20.19.2
shop.service: Main process exited, code=exited, status=1/FAILURE
shop.service: Failed with result 'exit-code'.
"""
JAVA = """\
org.springframework.beans.BeanCreationException: Error creating bean
\tat org.example.Main.main(Main.java:5)
Caused by: java.net.ConnectException: Connection refused
\tat java.base/Net.connect(Net.java:1)
"""


PRISMA = """\
PrismaClientInitializationError:
Invalid `prisma.user.findMany()` invocation:

Can't reach database server at `localhost:5432`
    at $n.handleRequestError (/srv/shop/node_modules/library.js:121:7615)
"""
RAILS = """\
F, [2026-11-28 #4711] FATAL -- : [5f0c] ActionView::Template::Error (undefined method `price'):
F, [2026-11-28 #4711] FATAL -- : [5f0c]     12: <%= @item.price %>
F, [2026-11-28 #4711] FATAL -- : [5f0c] app/views/items/show.html.erb:12
"""
PINO = (
    '{"level":50,"pid":1,"err":{"type":"Error","message":"connect ECONNREFUSED 127.0.0.1:6379",'
    '"stack":"Error"},"msg":"request errored"}\n{"level":30,"msg":"request completed"}\n'
)
GUNICORN = """\
[2026-11-28 +0000] [4711] [CRITICAL] WORKER TIMEOUT (pid:4712)
[2026-11-28 +0000] [4712] [ERROR] Error handling request /
"""


@pytest.mark.parametrize(
    ("text", "line", "weight"),
    [
        (PRISMA, "PrismaClientInitializationError: Can't reach database server at", 3),
        (
            RAILS,
            "F, [2026-11-28 #4711] FATAL -- : [5f0c] ActionView::Template::Error (undefined",
            3,
        ),
        (PINO, "connect ECONNREFUSED 127.0.0.1:6379: request errored", 3),
        ('{"level":"info","msg":"pool: connection refused"}', "pool: connection refused", 2),
        (GUNICORN, "[2026-11-28 +0000] [4711] [CRITICAL] WORKER TIMEOUT", 3),
        ("2026/11/28 [ERR] pool: no free connection to 10.0.0.7:5432", "2026/11/28 [ERR] pool", 3),
        ("*** HARAKIRI ON WORKER 1 (pid: 4712, try: 1) ***", "*** HARAKIRI", 3),
        (PYTHON, "django.db.utils.OperationalError: could not connect", 3),
        (NODE, "Error: Cannot find module '/srv/shop/main.js'", 3),
        (JAVA, "Caused by: java.net.ConnectException: Connection refused", 3),
        ("panic: runtime error: nil map\ngoroutine 1 [running]:", "panic: runtime error", 3),
        ("PHP Fatal error:  Allowed memory size exhausted in /a.php", "PHP Fatal error", 3),
        ("WARNING:  Unsupported upgrade request.", "WARNING:  Unsupported", 2),
        (
            "Forbidden (Origin checking failed - https://a.example does not match.): /login",
            "Forbidden (Origin checking failed",
            2,
        ),
        ("shop.service: Failed with result 'oom-kill'.", "shop.service: Failed with", 3),
        ("\x1b[33mwarn\x1b[0m: slow query", "warn: slow query", 1),
        ("\u6570\u636e\u5e93\u8fde\u63a5\u5931\u8d25", "\u6570\u636e\u5e93", 2),
    ],
)
def test_the_line_that_says_most(text: str, line: str, weight: int) -> None:
    found = telling_line(text)
    assert found
    assert " ".join(found.text.split()).startswith(" ".join(line.split()))
    assert found.weight == weight


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Listening on port 3000\nready",
        '127.0.0.1 - - [26/Nov/2026] "GET /error HTTP/1.1" 404 -',
        "Started shop.service - The shop.",
        "WARNING 2026-11-26 django.request: Not Found: /favicon.ico",
        "Forbidden: /",
        "ConnectionResetError: [Errno 104] Connection reset by peer",
        "BrokenPipeError: [Errno 32] Broken pipe",
        '{"level":30,"msg":"request completed"}',
        "[2026-11-28 +0000] [4712] [ERROR] Error handling request /",
    ],
)
def test_lines_that_tell_nothing(text: str) -> None:
    assert telling_line(text) is None


def test_a_long_line_is_cut() -> None:
    found = telling_line("Error: " + "x" * 100_000)
    assert found
    assert len(found.text) <= MAX_TEXT + 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "ERROR: [pool www] cannot get uid for user 'polr'\nERROR: FPM initialization failed\n",
            "ERROR: [pool www] cannot get uid for user 'polr'",
        ),
        (
            "[ERROR] unable to open /srv/x\n[ERROR] Worker (pid:7) exited with code 3\n"
            "[ERROR] Shutting down: Master\n[ERROR] Reason: Worker failed to boot.\n",
            "[ERROR] unable to open /srv/x",
        ),
        (
            "npm ERR! missing script: start\nnpm ERR! code 1\nnpm ERR! A complete log of this\n",
            "npm ERR! missing script: start",
        ),
    ],
)
def test_that_a_program_did_not_start_is_not_why(text: str, line: str) -> None:
    found = telling_line(text)
    assert found is not None
    assert found.text == line
