"""The file system on which an engine keeps its containers is full. Docker does not run here: see
`nginx_in_container`."""

import json

from ..containers import Engine
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL

FOLDER = "/srv/mail"
DOCKER = "/var/lib/docker"
TEXT = f"""\
services:
  web:
    image: web:1
    container_name: web
    restart: always
    ports:
      - "127.0.0.1:8080:3000"
    volumes:
      - {DOCKER}/volumes/sessions:/sessions
  unbound:
    image: unbound:1
    container_name: unbound
    restart: always
"""
#: Writes a session for each connection, and passes it on to the application beside it.
PROGRAM = """
import asyncio, os, subprocess, sys
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
        with open("/sessions/one", "wb") as file:
            file.write(b"x" * 9000)
        there, back = await asyncio.open_connection("127.0.0.1", 3001)
    except OSError as error:
        print(f"OSError: [Errno {error.errno}] {error.strerror}: '/sessions/one'", flush=True)
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
OTHER = "import time\nwhile True:\n    time.sleep(60)\n"


def _mail(lab: Lab, size: str) -> None:
    """An application that writes, and another container, whose output has this size."""
    server = lab.server
    server.sh(f"mkdir -p {DOCKER}; mount -t tmpfs -o size=24m docker {DOCKER}")
    lab.undo(lambda: server.sh(f"umount -l {DOCKER}; rmdir {DOCKER}", check=False))
    server.sh(f"mkdir -p {DOCKER}/volumes/sessions {DOCKER}/containers")
    engine = Engine(lab, f"{FOLDER}/docker-compose.yml")
    assert engine.compose is not None
    engine.compose.program("web:1", server.python("-c", PROGRAM, str(HERE / "application.py")))
    engine.compose.program("unbound:1", server.python("-c", OTHER))
    engine.compose.bring_up(TEXT)
    digest = json.loads(server.read("/run/containers/unbound/config.json"))["id"]
    folder = f"{DOCKER}/containers/{digest}"
    server.write(f"{folder}/config.v2.json", f'{{"ID":"{digest}","Name":"/unbound"}}')
    server.sh(f"yes SERVFAIL | head -c {size} >{folder}/{digest}-json.log; :", check=False)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    engine.answers(8080)


@scenario(outside="http.server-error", server="host.disk-full", not_on=PANEL)
def log_of_a_container_fills_the_disk(lab: Lab) -> None:
    """https://github.com/mailcow/mailcow-dockerized/issues/1000: "gigantic json.log files"."""
    _mail(lab, "60m")


@healthy(not_on=PANEL)
def log_of_a_container_is_large(lab: Lab) -> None:
    _mail(lab, "12m")
