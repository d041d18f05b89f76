"""A container has other values than its files, or the database beside it has another password than
its environment. Docker does not run here: see `nginx_in_container`."""

from ..containers import Engine
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL, STARTED

FOLDER = "/srv/manager"
#: Answers a request by `refusal`, or passes it on to the application beside it.
PASSING = """
import asyncio, os, re, socket, subprocess, sys
subprocess.Popen([sys.executable, sys.argv[1], "--port", "3001"])
async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def serve(reader, writer):
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    status, line, body = refusal(head.decode())
    if status:
        print(line, file=sys.stderr, flush=True)
        writer.write(f"HTTP/1.1 {status}\\r\\nContent-Type: text/html\\r\\nConnection: close\\r\\n"
                     f"Content-Length: {len(body)}\\r\\n\\r\\n{body}".encode())
        await writer.drain()
        writer.close()
        return
    there, back = await asyncio.open_connection("127.0.0.1", 3001)
    back.write(head)
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)
async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", 8080)
    await server.serve_forever()
asyncio.run(main())
"""
#: Django's answer for a name that it does not allow, and its line in the log.
NAMED = """
def refusal(head):
    host = re.search("(?im)^host: *([^:\\r]*)", head)[1]
    if host in {os.environ["SFM_HOSTNAME"], "localhost", "127.0.0.1"}:
        return "", "", ""
    line = f"Invalid HTTP_HOST header: '{host}'. You may need to add '{host}' to ALLOWED_HOSTS."
    return "400 Bad Request", line, "<h1>Bad Request (400)</h1>"
"""
MANAGER = """\
services:
  ui:
    image: ui:1
    container_name: ui
    restart: always
    env_file: .env
    ports:
      - "127.0.0.1:8080:8080"
"""


def _engine(lab: Lab, text: str, **programs: str) -> Engine:
    engine, server = Engine(lab, f"{FOLDER}/docker-compose.yml"), lab.server
    assert engine.compose is not None
    for name, program in programs.items():
        own = (
            [program + PASSING, str(HERE / "application.py")] if "refusal" in program else [program]
        )
        engine.compose.program(f"{name}:1", server.python("-c", *own))
    engine.compose.bring_up(text)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    engine.answers(8080)
    return engine


def _manager(lab: Lab, name: str) -> Engine:
    lab.server.write(f"{FOLDER}/.env", f"SFM_HOSTNAME={name}\n")
    return _engine(lab, MANAGER, ui=NAMED)


@scenario(
    outside="http.host-refused",
    server="upstream.container-outdated",
    differs=STARTED,
    not_on=PANEL,
)
def env_file_changed_after_the_container_was_made(lab: Lab) -> None:
    """https://github.com/gwu-libraries/sfm-ui/issues/421: the file .env was changed, and the
    container was only restarted."""
    engine = _manager(lab, "localhost")
    lab.server.write(f"{FOLDER}/.env", "SFM_HOSTNAME=shop.example.com\n")
    engine.docker("restart", "ui")
    engine.answers(8080)


@healthy(not_on=PANEL)
def env_file_changed_and_the_container_was_made_anew(lab: Lab) -> None:
    _manager(lab, "shop.example.com")


@healthy(not_on=PANEL)
def env_file_changed_in_what_breaks_nothing(lab: Lab) -> None:
    """Another line of the file was changed, and the site is well."""
    _manager(lab, "shop.example.com")
    lab.server.write(f"{FOLDER}/.env", "SFM_HOSTNAME=shop.example.com\nSFM_LEVEL=debug\n")


#: Keeps the password of its first start, as the images of databases do.
DATABASE = r"""
import os, socket, sys
path = "/var/lib/postgresql/data/password"
if not os.path.exists(path):
    open(path, "w").write(os.environ["POSTGRES_PASSWORD"])
server = socket.create_server(("0.0.0.0", 5432))
while True:
    connection, _ = server.accept()
    word = connection.recv(100).decode()
    good = word == open(path).read()
    if not good:
        print('2022-05-23 07:31:46.798 UTC [28] FATAL:  password authentication failed for user'
              ' "raptor"\n2022-05-23 07:31:46.798 UTC [28] DETAIL:  Password does not match for'
              ' user "raptor".', file=sys.stderr, flush=True)
    connection.sendall(b"yes" if good else b"no")
    connection.close()
"""
LOGGED_IN = """
def refusal(head):
    with socket.create_connection(("db", 5432), timeout=4) as database:
        database.sendall(os.environ["POSTGRES_PASSWORD"].encode())
        if database.recv(10) == b"yes":
            return "", "", ""
    line = 'psycopg2.OperationalError: FATAL:  password authentication failed for user "raptor"'
    return "500 Internal Server Error", line, "<h1>Internal Server Error</h1>"
"""
#: psql(1), the part that the remedy needs: "\set NAME `COMMAND`" and ":'NAME'".
PSQL = r"""#!/usr/bin/env python3
import re, subprocess, sys
names = {}
for line in sys.stdin.read().split("\n"):
    if match := re.fullmatch(r"\\set (\w+) `(.*)`", line):
        done = subprocess.run(["sh", "-c", match[2]], capture_output=True, text=True)
        names[match[1]] = done.stdout.rstrip("\n")
    elif match := re.fullmatch(r"ALTER ROLE :\"(\w+)\" PASSWORD :'(\w+)';", line):
        assert names[match[1]] == "raptor"
        open("/var/lib/postgresql/data/password", "w").write(names[match[2]])
"""
CASES = """\
services:
  db:
    image: postgres:1
    container_name: db
    env_file: .env
    volumes:
      - ./data:/var/lib/postgresql/data
      - ./psql:/usr/bin/psql
  app:
    image: app:1
    container_name: app
    restart: always
    env_file: .env
    ports:
      - "127.0.0.1:8080:8080"
"""


def _cases(lab: Lab, stored: str) -> None:
    server = lab.server
    server.write(f"{FOLDER}/psql", PSQL, 0o755)
    server.write(f"{FOLDER}/.env", "POSTGRES_USER=raptor\nPOSTGRES_PASSWORD=Kx9-new\n")
    server.write(f"{FOLDER}/data/password", stored)
    _engine(lab, CASES, postgres=DATABASE, app=LOGGED_IN)


@scenario(
    outside="http.server-error",
    server="upstream.database-password",
    differs=STARTED,
    not_on=PANEL,
)
def database_keeps_the_password_of_its_first_start(lab: Lab) -> None:
    """https://github.com/dfir-iris/iris-web/issues/114: the passwords in .env were changed after
    the volume was made."""
    _cases(lab, "__MUST_BE_CHANGED__")


@healthy(not_on=PANEL)
def database_has_the_password_of_its_environment(lab: Lab) -> None:
    _cases(lab, "Kx9-new")
