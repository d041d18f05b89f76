"""What a visitor gets of one path, and of a WebSocket: run inside a host, nothing but the library.

200 3c1f… text/html
101
"""

import hashlib
import http.client
import socket
import ssl
import sys

from look import UPGRADE, ask  # type: ignore[import-not-found]


def page(name: str, path: str) -> str:
    """The status, what the body is, its type, and where a redirect leads to."""
    try:
        connection = http.client.HTTPSConnection(name, timeout=5)
        connection.request("GET", path, headers={"Accept": "text/html"})
        response = connection.getresponse()
        body = hashlib.sha256(response.read(1 << 20)).hexdigest()[:8]
    except (OSError, http.client.HTTPException) as error:
        return f"({error})"
    kind, where = response.getheader("content-type", "-"), response.getheader("location", "")
    return f"{response.status} {body} {kind} {where}".strip()


def websocket(name: str, path: str) -> str:
    try:
        address = str(socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        return f"({error})"
    return str(ask(address, 443, name, path, f"{UPGRADE}Origin: https://{name}\r\n"))


if __name__ == "__main__":
    site, path, upgraded = sys.argv[1:]
    print(page(site, path))
    print(websocket(site, upgraded) if upgraded else "")
    del ssl
