"""Does the site work? Run inside a host: one line for each address, nothing but the library.

203.0.113.10 https 200, http 301 https://shop.example.com/, websocket 101
"""

import socket
import ssl
import sys

UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def ask(address: str, port: int, name: str, path: str, more: str = "") -> str:
    """The answer's status, and where it leads to; or what went wrong."""
    try:
        with socket.create_connection((address, port), timeout=5) as raw:
            stream = raw
            if port == 443:
                stream = ssl.create_default_context().wrap_socket(raw, server_hostname=name)
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\n{more}\r\n".encode())
            lines = stream.recv(4096).decode("latin-1").split("\r\n")
    except OSError as error:
        return f"({error})"
    status = lines[0].split(" ")[1] if " " in lines[0] else "(nothing)"
    where = [line.split(" ", 1)[1] for line in lines if line.lower().startswith("location: ")]
    return " ".join([status, *where])


def main(name: str) -> None:
    try:
        found = socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        print(error)
        return
    for *_, where in found:
        address = str(where[0])
        https, http = ask(address, 443, name, "/"), ask(address, 80, name, "/")
        websocket = ask(address, 443, name, "/ws", f"{UPGRADE}Origin: https://{name}\r\n")
        print(f"{address} https {https}, http {http}, websocket {websocket}")


if __name__ == "__main__":
    main(sys.argv[1])
