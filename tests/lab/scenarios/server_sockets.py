"""Unix sockets that HAProxy and Apache may not use, or do not see."""

from pathlib import PurePosixPath

from .. import apache, haproxy
from ..apache import HTTP, HTTPS
from ..hosts import until
from ..lab import Lab
from .apache import apache_scenario
from .haproxy import haproxy_scenario, healthy_haproxy

SOCKET = "/run/app/app.sock"
APPLICATION = "the application makes its socket"

_PROGRAM = """
import asyncio, os, sys
async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    text = b"<!doctype html><title>Shop</title><p>It works: this is the page.</p>"
    head = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nConnection: close\\r\\n"
    writer.write(head + b"Content-Length: %d\\r\\n\\r\\n" % len(text) + text)
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_unix_server(answer, sys.argv[1])
    os.chmod(sys.argv[1], int(sys.argv[2], 8))
    await server.serve_forever()
asyncio.run(main())
"""


def application(lab: Lab, socket: str, mode: str) -> None:
    """An application of root's on a socket with this mode."""
    folder = PurePosixPath(socket).parent
    lab.server.sh(f"mkdir -p {folder}; chmod 755 {folder}")
    lab.undo(lambda: lab.server.sh(f"rm -rf {folder}"))
    lab.server.write("/srv/on_socket.py", _PROGRAM)
    lab.spawn(
        lab.server,
        lab.server.python("/srv/on_socket.py", socket, mode),
        lambda: lab.server.path(socket).exists(),
    )
    until(
        lambda: lab.server.sh(f"stat -c %a {socket}").strip() == mode.lstrip("0"), "its mode is set"
    )


def behind_haproxy(lab: Lab, mode: str, lines: str = "", root: str = "") -> None:
    application(lab, f"{root}{SOCKET}", mode)
    text = haproxy.SITE.replace("server app1 127.0.0.1:3000", f"server app1 {SOCKET}")
    haproxy.serve(lab, text.replace("    user haproxy\n", f"    user haproxy\n{lines}"))


@haproxy_scenario(
    outside="http.server-error", server="server.backend-not-reached", manual=APPLICATION
)
def haproxy_may_not_use_the_socket(lab: Lab) -> None:
    """The socket has mode 660 and root's group."""
    behind_haproxy(lab, "0660")


@healthy_haproxy()
def haproxy_may_use_the_socket(lab: Lab) -> None:
    behind_haproxy(lab, "0666")


@haproxy_scenario(
    outside="http.server-error", server="server.backend-not-reached", manual=APPLICATION
)
def socket_is_outside_of_the_root_of_haproxy(lab: Lab) -> None:
    """`chroot`, as the configurations of distributions have it: HAProxy looks below that folder."""
    lab.server.sh("mkdir -p /var/lib/haproxy")
    behind_haproxy(lab, "0666", "    chroot /var/lib/haproxy\n")


@apache_scenario(
    outside="http.server-error", server="server.backend-not-reached", manual=APPLICATION
)
def apache_may_not_use_the_socket(lab: Lab) -> None:
    """Apache's workers run as www-data."""
    application(lab, SOCKET, "0660")
    https = HTTPS.replace("http://127.0.0.1:3000/", f"unix:{SOCKET}|http://localhost/")
    apache.serve(lab, f"{https}\n{HTTP}")
