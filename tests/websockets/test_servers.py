"""What is said of WebSocket servers of six libraries and of odd ones of bytes: of a healthy one
nothing, of one that dies an error, of one that wants credentials no error and no "it works".

All are asked at once, each by a run of its own with the real engine and real sockets.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.frames import Opcode

from diagnose.engine import run
from diagnose.model import Report, Severity, Target
from diagnose.model.http import Upgrade
from diagnose.net import websocket_watch
from diagnose.net.local import LocalNet
from diagnose.probes import Options
from tests.websockets import raw_servers as raw
from tests.websockets.library_servers import (
    aiohttp_server,
    tornado_server,
    uvicorn_server,
    websockets_server,
)

DIED = "websocket.closed-after-upgrade"
POLICY = "websocket.closed-by-policy"
UNAUTHORIZED = "websocket.unauthorized"
ORIGIN = "websocket.origin-refused"
HEALTHY = ""


class Expected(NamedTuple):
    """The finding, the severity, and whether the WebSocket was seen to stay open."""

    check: str
    severity: Severity | None
    held: bool | None


WELL = Expected(HEALTHY, None, True)
DEAD = Expected(DIED, Severity.ERROR, False)
ASKS = Expected(POLICY, Severity.NOTE, None)
SHUT = Expected(UNAUTHORIZED, Severity.NOTE, False)
FOREIGN = Expected(ORIGIN, Severity.WARNING, False)
PACKED = Expected("websocket.extension", Severity.ERROR, False)
LOST = Expected("websocket.not-upgraded", Severity.ERROR, False)


@asynccontextmanager
async def node_server() -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(Path(__file__).with_name("node_server.js")),
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "NODE_PATH": "/usr/share/nodejs"},
    )
    try:
        assert process.stdout is not None
        yield int(await process.stdout.readline())
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


LIBRARIES = {
    "websockets": websockets_server,
    "aiohttp": aiohttp_server,
    "tornado": tornado_server,
    "uvicorn": uvicorn_server("websockets-sansio"),
    "wsproto": uvicorn_server("wsproto"),
    **({"ws": node_server} if shutil.which("node") else {}),
}

#: What every library can do, and what is to be said of it.
DOINGS = {
    "/stay": WELL,
    "/greets": WELL,
    "/closes/1000": WELL,
    "/closes/1001": WELL,
    "/closes/1008": ASKS,
    "/closes/1011": DEAD,
    "/closes/4401": ASKS,
    "/late/1011": DEAD,
    "/late/4403": ASKS,
    "/raises": DEAD,
    "/refuses/401": SHUT,
    "/refuses/403": SHUT,
    "/refuses/404": LOST,
    "/refuses/500": LOST,
    "/origin": FOREIGN,
}

#: What only some can. ASGI has no way to end a connection without a close frame.
MORE = {
    **{(name, "/aborts"): DEAD for name in ("websockets", "aiohttp", "tornado", "ws")},
    ("aiohttp", "/silent"): WELL,
    ("uvicorn", "/unaccepted"): SHUT,
    ("wsproto", "/unaccepted"): SHUT,
}

TEXT = raw.frame(Opcode.TEXT, b"hi")
RAW: dict[str, tuple[raw.Act, Expected]] = {
    "waits": (raw.answering(raw.waits), WELL),
    "until-spoken-to": (raw.answering(raw.until_spoken_to), WELL),
    "pongs-unasked": (raw.answering(raw.pongs_twice), WELL),
    "floods": (raw.answering(raw.floods), WELL),
    "text-then-close-1000": (raw.answering(raw.sends(TEXT + raw.close(1000))), WELL),
    "close-without-code": (raw.answering(raw.sends(raw.frame(Opcode.CLOSE))), WELL),
    "ping-and-waits": (raw.answering(raw.sends(raw.frame(Opcode.PING), True)), WELL),
    "eof": (raw.answering(raw.sends(b"")), DEAD),
    "text-then-eof": (raw.answering(raw.sends(TEXT)), DEAD),
    "half-a-frame": (raw.answering(raw.sends(TEXT[:-1])), DEAD),
    "reset": (raw.answering(raw.resets), DEAD),
    "http-200": (raw.answering(raw.sends(b"HTTP/1.1 200 OK\r\n\r\n", True)), DEAD),
    "http-400": (raw.answering(raw.sends(b"HTTP/1.1 400 Bad Request\r\n\r\n")), DEAD),
    "words": (raw.answering(raw.sends(b"hello there\n", True)), DEAD),
    "zeros-continuation": (raw.answering(raw.sends(bytes(64), True)), DEAD),
    "masked": (raw.answering(raw.sends(b"\x81\x82abcdef", True)), DEAD),
    "reserved-bits": (raw.answering(raw.sends(b"\xe1\x02hi", True)), DEAD),
    "reserved-opcode": (raw.answering(raw.sends(b"\x83\x02hi", True)), DEAD),
    "bad-utf8-close": (raw.answering(raw.sends(b"\x88\x04\x03\xe8\xff\xff", True)), DEAD),
    "close-of-one-byte": (raw.answering(raw.sends(b"\x88\x01\x03", True)), DEAD),
    "long-control-frame": (raw.answering(raw.sends(b"\x89\x7e\x01\x00" + bytes(256), True)), DEAD),
    **{name: (act, DEAD) for name, act in raw.VIOLATIONS.items()},
    **{name: (act, PACKED) for name, act in raw.WRONG_COMPRESSION.items()},
    **{name: (act, WELL) for name, act in raw.RIGHT_FRAMES.items()},
    **{name: (act, PACKED) for name, act in raw.WRONG_EXTENSIONS.items()},
    "close-1002": (raw.answering(raw.sends(raw.close(1002))), DEAD),
    "close-1003": (raw.answering(raw.sends(raw.close(1003))), DEAD),
    "close-1007": (raw.answering(raw.sends(raw.close(1007))), DEAD),
    "close-1014": (raw.answering(raw.sends(raw.close(1014))), DEAD),
    "close-1012": (raw.answering(raw.sends(raw.close(1012))), ASKS),
    "close-1013": (raw.answering(raw.sends(raw.close(1013))), ASKS),
    "close-3000": (raw.answering(raw.sends(raw.close(3000, "token"))), ASKS),
    "close-4000": (raw.answering(raw.sends(raw.close(4000, "no session"))), ASKS),
    "close-1002-subprotocol": (
        raw.answering(raw.sends(raw.close(1002, "unsupported subprotocol"))),
        Expected(POLICY, Severity.NOTE, False),
    ),
    "close-1008-origin": (
        raw.answering(raw.sends(raw.close(1008, "origin not allowed"))),
        Expected(ORIGIN, Severity.WARNING, None),
    ),
    "dies-at-a-ping": (
        raw.answering(raw.until_a_ping),
        Expected(DIED, Severity.NOTE, False),
    ),
    "dies-once": (
        raw.answering(raw.first(raw.sends(raw.close(1011)), 1, raw.waits)),
        Expected(DIED, Severity.WARNING, False),
    ),
    "wrong-accept": (
        raw.answering(raw.waits, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        Expected("websocket.bad-accept", Severity.ERROR, False),
    ),
    "unasked-subprotocol": (
        raw.answering(raw.waits, fields="Sec-WebSocket-Protocol: chat\r\n"),
        Expected("websocket.subprotocol", Severity.NOTE, False),
    ),
    "empty-subprotocol": (
        raw.answering(raw.waits, fields="Sec-WebSocket-Protocol: \r\n"),
        Expected("websocket.subprotocol", Severity.ERROR, False),
    ),
    "refuses-origin": (
        raw.unless("origin:", raw.instead("HTTP/1.1 403 Forbidden"), raw.answering(raw.waits)),
        FOREIGN,
    ),
    "429": (
        raw.instead("HTTP/1.1 429 Too Many Requests"),
        Expected("websocket.rate-limited", Severity.WARNING, False),
    ),
    "426": (raw.instead("HTTP/1.1 426 Upgrade Required"), LOST),
    "407": (raw.instead("HTTP/1.1 407 Proxy Authentication Required"), SHUT),
    "200": (raw.instead("HTTP/1.1 200 OK", "hello"), LOST),
    "no-answer": (raw.says_nothing, LOST),
}


CASES = {
    **{f"{name}{path}": end for name in LIBRARIES for path, end in DOINGS.items()},
    **{f"{name}{path}": end for (name, path), end in MORE.items() if name in LIBRARIES},
    **{f"raw/{name}": end for name, (_, end) in RAW.items()},
}


@cache
def reports() -> dict[str, Report]:
    """One run for each case, all at once."""
    return asyncio.run(_reports())


async def _reports() -> dict[str, Report]:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with AsyncExitStack() as stack:
        ports = {}
        for name, serving in LIBRARIES.items():
            ports[name] = await stack.enter_async_context(serving())
        asked = {}
        for case in CASES:
            name, _, path = case.partition("/")
            if name == "raw":
                server = await asyncio.start_server(_closing(RAW[path][0]), "127.0.0.1", 0)
                await stack.enter_async_context(server)
                asked[case] = (server.sockets[0].getsockname()[1], f"/{path}")
            else:
                asked[case] = (ports[name], f"/{path}")
        # What a first run imports keeps the loop busy for a while, and all others in it late.
        await _report(*next(iter(asked.values())))
        late = {case: end for case, end in asked.items() if "/late/" in case}
        done = await _all({case: end for case, end in asked.items() if case not in late})
        with pytest.MonkeyPatch.context() as patch:
            # These end by their close frame and not by a clock.
            patch.setattr(websocket_watch, "SETTLE", 8.0)
            return done | await _all(late)


async def _all(asked: dict[str, tuple[int, str]]) -> dict[str, Report]:
    runs = [_report(port, path) for port, path in asked.values()]
    return dict(zip(asked, await asyncio.gather(*runs), strict=True))


def _closing(act: raw.Act) -> raw.Act:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError):
                await act(reader, writer)
        finally:
            writer.close()

    return serve


_AT_ONCE = asyncio.Semaphore(12)


async def _report(port: int, path: str) -> Report:
    target = Target(f"ws://127.0.0.1:{port}{path}", "ws", "127.0.0.1", port, path, (path,))
    async with _AT_ONCE:
        return await run(target, Options(inside=False, timeout=30.0), LocalNet())


def test_there_are_enough() -> None:
    assert len(CASES) >= 80
    assert len(LIBRARIES) >= 5


@pytest.mark.parametrize("case", CASES)
def test_each_is_judged_rightly(case: str) -> None:
    expected, report = CASES[case], reports()[case]
    (first,) = [
        seen
        for seen in report.evidence.of(Upgrade)
        if seen.variant == "normal" and seen.through == "front"
    ]
    findings = [finding for finding in report.findings if finding.check.layer == "websocket"]
    assert [finding.check.id for finding in findings] == (
        [expected.check] if expected.check else []
    )
    assert [finding.severity for finding in findings] == [expected.severity] * len(findings)
    assert first.stayed_open is expected.held
    assert not report.crashes
