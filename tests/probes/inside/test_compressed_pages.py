"""The application, asked whether it compresses a page in which nginx replaces text."""

import asyncio

from diagnose.model.http import BrowserVisit
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Options
from diagnose.probes.inside import compressed_pages
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FILTER = "sub_filter shop store;"


def visit(coding: str = "gzip") -> BrowserVisit:
    headers = (("Content-Encoding", coding),) if coding else ()
    return BrowserVisit(url=SHOP.url, address="203.0.113.10", port=443, status=200, headers=headers)


def looked(lines: str, seen: BrowserVisit) -> list[ComparedRequest]:
    ctx = Looking(RecordedMachine())
    ctx.net, ctx.options = LocalNet(), Options()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        coding = "Content-Encoding: gzip\r\n" if "Accept-Encoding: gzip" in request else ""
        writer.write(f"HTTP/1.1 200 OK\r\n{coding}Content-Length: 0\r\n\r\n".encode())
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        location = f"location / {{ proxy_pass http://127.0.0.1:{port}; {lines} }}"
        text = f"http {{ server {{ listen 443 ssl; {location} }} }}"
        config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
        async with server:
            ctx.observations += [config, seen]
            await compressed_pages.page_compressed.work(ctx, seen, config)

    asyncio.run(work())
    return list(ctx.observed(ComparedRequest))


def test_the_application_is_asked_with_what_nginx_passes_on() -> None:
    (answer,) = looked(FILTER, visit())
    assert (answer.name, answer.change, answer.coding) == ("Accept-Encoding", "none", "gzip")


def test_nothing_is_asked_without_a_question() -> None:
    assert not looked("", visit())
    assert not looked(FILTER, visit(""))
    assert not looked(f'{FILTER} proxy_set_header Accept-Encoding "";', visit())
