"""Send the first part of an upload, and wait until the server ends it.

`stalled_upload.py HOST PATH`. The request is a PATCH, as registries of containers take them.
"""

import socket
import ssl
import sys

PATIENCE = 20


def main(host: str, path: str) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, 443), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        fields = "User-Agent: oras/1.2.0\r\nContent-Length: 200000\r\n"
        request = f"PATCH {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"
        connection.sendall(request.encode() + b"x" * 4096)
        while connection.recv(4096):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
