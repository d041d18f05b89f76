"""Opens WebSockets and keeps them, until no more can be had. Run inside a host.

python hold.py shop.example.com /ws 10
"""

import socket
import ssl
import sys
import time

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def held(name: str, path: str) -> socket.socket | None:
    try:
        raw = socket.create_connection((name, 443), timeout=3)
        stream = ssl.create_default_context().wrap_socket(raw, server_hostname=name)
        stream.sendall(UPGRADE.format(path=path, name=name).encode())
        return stream if b" 101 " in stream.recv(4096) else None
    except OSError:
        return None


if __name__ == "__main__":
    name, path, most = sys.argv[1:]
    kept = [held(name, path) for _ in range(int(most))]
    time.sleep(600)
