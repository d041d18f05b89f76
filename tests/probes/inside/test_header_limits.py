"""An application is asked with cookies that grow, after a 431 only."""

import asyncio
from dataclasses import replace

from diagnose.model import Symptom, Target
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import HeaderTrial
from diagnose.net.local import LocalNet
from diagnose.probes.inside import upstream_bodies
from tests.probes.inside.test_upstream_requests import config
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
TOLD = replace(SHOP, symptom=Symptom("status", "431 Request Header Fields Too Large", 431))
LOGGED = FailedRequests(file="/a.log", method="GET", path="/", status=431, written="now", times=3)


def tried(
    target: Target, limit: int, logged: FailedRequests | None = None
) -> tuple[int, tuple[HeaderTrial, ...]]:
    ctx = Looking(RecordedMachine())
    ctx.net, ctx.target = LocalNet(), target
    heads: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(len(await reader.readuntil(b"\r\n\r\n")))
        status = b"200 OK" if heads[-1] <= limit else b"431 Too Large"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        seen = config(f"location / {{ proxy_pass http://127.0.0.1:{port}; }}")
        async with server:
            ctx.observations += [seen, PAGE]
            if logged:
                await upstream_bodies.header_refused.work(ctx, logged, seen)
            else:
                await upstream_bodies.page_limited.work(ctx, PAGE, seen)

    asyncio.run(work())
    return len(heads), ctx.observed(HeaderTrial)


def test_the_cookie_grows_until_it_is_refused() -> None:
    requests, (trial,) = tried(TOLD, 4096)
    assert (trial.served, trial.refused, trial.status) == (3600, 7500, 431)
    assert requests == 5
    assert "head -c 7500 /dev/zero" in trial.equivalent


def test_a_line_of_the_log_is_enough() -> None:
    _, (trial,) = tried(SHOP, 16384, LOGGED)
    assert (trial.served, trial.refused) == (15500, 31500)


def test_an_application_may_take_all() -> None:
    _, (trial, *_) = tried(TOLD, 65536)
    assert (trial.served, trial.refused, trial.status) == (31500, None, None)


def test_a_healthy_site_is_asked_nothing() -> None:
    assert tried(SHOP, 4096) == (0, ())
    assert tried(SHOP, 4096, replace(LOGGED, status=404)) == (0, ())


def test_nginx_s_own_page_in_the_log_is_enough() -> None:
    assert tried(SHOP, 4096, replace(LOGGED, status=400)) == (0, ())
    requests, _ = tried(SHOP, 4096, replace(LOGGED, status=400, is_large_header=True))
    assert requests
