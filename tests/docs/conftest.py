"""A healthy site on loopback, and the command `diagnose` in the path."""

import os
import ssl
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

ROOT = Path(__file__).parents[2]


class Site(NamedTuple):
    """Where the site is, and the environment in which commands find and trust it."""

    authority: str
    environment: dict[str, str]


def respond(connection: ServerConnection, request: Request) -> Response | None:
    """Return the page. None lets a WebSocket open."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return None
    response = connection.respond(HTTPStatus.OK, "<!doctype html><title>Shop</title><p>Shop")
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    command = folder / "diagnose"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m diagnose "$@"\n')
    command.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": str(folder / "ca.pem"),
    }
    with serve(echo, "127.0.0.1", 0, ssl=context, process_request=respond) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(f"127.0.0.1:{server.socket.getsockname()[1]}", environment)
        server.shutdown()
        thread.join()
