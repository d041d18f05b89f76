"""An application in a container needs another one, which does not run. Docker does not run here:
see `nginx_in_container`."""

from .. import site
from ..containers import Engine, proxied
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL, STARTED

FOLDER = "/srv/needed"
TEXT = """\
services:
  db:
    image: db:1
    container_name: db
  app:
    image: app:1
    container_name: app
    restart: always
    ports:
      - "127.0.0.1:8080:3000"
"""
#: Asks the database for each connection, and passes it on to the application beside it.
PROGRAM = """
import asyncio, subprocess, sys
subprocess.Popen([sys.executable, sys.argv[1], "--port", "3001"])
HEAD = b"HTTP/1.1 500 Internal Server Error\\r\\nConnection: close\\r\\n"
PAGE = HEAD + b"Content-Length: 5\\r\\n\\r\\nError"
async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def serve(reader, writer):
    try:
        _, database = await asyncio.open_connection("db", 5432)
        database.close()
        there, back = await asyncio.open_connection("127.0.0.1", 3001)
    except OSError:
        print("Error: getaddrinfo ENOTFOUND db", flush=True)
        await reader.read(65536)
        writer.write(PAGE)
        await writer.drain()
        writer.close()
        return
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)
async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", 3000)
    await server.serve_forever()
asyncio.run(main())
"""
DATABASE = """
import socket
server = socket.create_server(("0.0.0.0", 5432))
while True:
    server.accept()[0].close()
"""


def _shop(lab: Lab) -> Engine:
    """The application asks `db` for each page, and nginx of the server passes requests on."""
    engine, server = Engine(lab, f"{FOLDER}/docker-compose.yml"), lab.server
    assert engine.compose is not None
    engine.compose.program("app:1", server.python("-c", PROGRAM, str(HERE / "application.py")))
    engine.compose.program("db:1", server.python("-c", DATABASE))
    engine.compose.bring_up(TEXT)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    engine.answers(8080)
    return engine


@scenario(
    outside="http.server-error",
    server="upstream.needed-container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def database_container_of_an_application_ended(lab: Lab) -> None:
    """https://docs.docker.com/engine/containers/start-containers-automatically/: after a boot the
    database has no restart policy, and the application has."""
    _shop(lab).docker("ended", "db", "0")


@healthy(not_on=PANEL)
def database_container_of_an_application_runs(lab: Lab) -> None:
    _shop(lab)


BESIDE = """\
  proxy:
    image: nginx:1.27
    container_name: proxy
    restart: always
    ports:
      - "80:80"
      - "443:443"
    volumes:
      - ./conf.d:/etc/nginx/conf.d
      - ./certs:/etc/nginx/ssl
"""
#: wait-for-it.sh, https://github.com/vishnubob/wait-for-it
WAITING = "timeout occurred after waiting 15 seconds for db:5432"


def _shop_behind_container(lab: Lab) -> Engine:
    """nginx is in a container too, and the application tells the database otherwise."""
    engine, server = Engine(lab, f"{FOLDER}/docker-compose.yml"), lab.server
    server.write(f"{FOLDER}/conf.d/shop.conf", proxied("http://app:3000"))
    server.sh(f"mkdir -p {FOLDER}/certs; cp /etc/nginx/ssl/* {FOLDER}/certs/; rm {site.CONF}")
    lab.stop_nginx()
    assert engine.compose is not None
    program = PROGRAM.replace("Error: getaddrinfo ENOTFOUND db", WAITING)
    engine.compose.program("app:1", server.python("-c", program, str(HERE / "application.py")))
    engine.compose.program("db:1", server.python("-c", DATABASE))
    engine.compose.program("nginx:1.27", ["/usr/sbin/nginx", "-g", "daemon off;"])
    policy = "    restart: on-failure\n  app:\n"
    engine.compose.bring_up(TEXT.replace("  app:\n", policy, 1) + BESIDE)
    engine.nginx_starts("proxy")
    return engine


@scenario(
    outside="http.server-error",
    server="upstream.needed-container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def database_container_of_an_application_behind_a_container_ended(lab: Lab) -> None:
    """https://github.com/campsych/concerto-platform/issues/304 and 305: `on-failure` starts nothing
    after a boot."""
    _shop_behind_container(lab).docker("ended", "db", "0")


@healthy(not_on=PANEL)
def database_container_of_an_application_behind_a_container_runs(lab: Lab) -> None:
    _shop_behind_container(lab)
