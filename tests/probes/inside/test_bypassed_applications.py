"""The application that nginx does not ask, asked for the target's path."""

import asyncio
from dataclasses import replace

from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.requests import BypassedApplication
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Options
from diagnose.probes.inside import bypassed_applications
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.page_evidence import answered, script
from tests.support.recorded_machine import RecordedMachine

PATH = "/socket.io/socket.io.js"
MISSING = Exchange(url=f"{SHOP.url[:-1]}{PATH}", address="203.0.113.10", port=443, status=404)
STATIC = "location ~ \\.js$ { root /var/www; }"


def looked(
    lines: str,
    exchange: Exchange = MISSING,
    file: PageFileResponse | None = None,
    own: str = "",
    kind: bytes = b"text/javascript",
    status: bytes = b"200 OK",
) -> tuple[Looking, list[str]]:
    looking, asked = Looking(RecordedMachine()), list[str]()
    looking.net, looking.options, looking.target = LocalNet(), Options(), replace(SHOP, path=PATH)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        head = b"HTTP/1.1 " + status + b"\r\nContent-Type: " + kind
        writer.write(head + b"\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        owner = f"location / {{ {own} proxy_pass http://127.0.0.1:{port}; }}"
        text = f"http {{ server {{ listen 443 ssl; {lines} {owner} }} }}"
        async with server:
            seen = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
            looking.observations += [seen, exchange]
            for _ in range(2):
                await bypassed_applications.path_taken.work(looking, exchange, seen)
            if file is not None:
                looking.observations.append(file)
                for _ in range(2):
                    await bypassed_applications.file_taken.work(looking, file, seen)

    asyncio.run(work())
    return looking, asked


def test_the_application_is_asked_once_for_the_path() -> None:
    looking, asked = looked(STATIC)
    (answer,) = looking.observed(BypassedApplication)
    assert (answer.status, answer.is_html, answer.by) == (200, False, "regex")
    assert [request.split("\r\n")[0] for request in asked] == [f"GET {PATH} HTTP/1.0"]


def test_a_path_that_nobody_has_is_the_control_of_a_page() -> None:
    looking, asked = looked(STATIC, kind=b"text/html")
    assert [line.split(" ")[1] for line in asked] == [PATH, "/socket.io/diagnose-7f3a.js"]
    control = looking.observed(BypassedApplication)[-1]
    assert (control.is_html, control.by) == (True, "regex")


def test_a_folder_that_nobody_has_is_the_control_of_a_refusal() -> None:
    _, asked = looked(STATIC, status=b"405 Method Not Allowed")
    assert [line.split(" ")[1] for line in asked] == [PATH, "/diagnose-7f3a/socket.io.js"]
    assert len(looked(STATIC, status=b"404 Not Found")[1]) == 1


def test_nothing_is_asked_where_nothing_takes_the_path_or_the_site_answers() -> None:
    assert looked("")[1] == []
    script = replace(MISSING, status=200, headers=(("Content-Type", "text/javascript"),))
    assert looked(STATIC, script)[1] == []
    assert looked(STATIC, replace(MISSING, method="POST"))[1] == []


PAGE = Exchange(
    url=SHOP.url, address="203.0.113.10", port=443, status=200, purpose="target",
    headers=(("Content-Type", "text/html"),),
)  # fmt: skip


def test_the_application_is_asked_once_for_a_file_of_the_page() -> None:
    taken = answered(script("/assets/app.js"), 404)
    tries = "try_files $uri $uri/ =404;"
    looking, asked = looked("", PAGE, taken, own=tries)
    answer = looking.observed(BypassedApplication)[-1]
    assert (answer.path, answer.by) == ("/assets/app.js", "files")
    assert [line.split(" ")[1] for line in asked] == [PATH, "/assets/app.js"]
    assert looked("", PAGE, taken)[1] == []
    assert looked("", MISSING, answered(script("/assets/app.js")))[1] == []
