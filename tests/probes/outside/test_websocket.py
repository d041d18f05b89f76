"""The probe against real WebSocket servers on loopback."""

import asyncio
import http
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Literal

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from diagnose.model import Observation, Target
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import WebSocketPath
from diagnose.model.symptom import Symptom
from diagnose.model.tcp import Connection
from diagnose.net.local import LocalNet
from diagnose.probes import Options
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside import websocket as probes
from diagnose.probes.outside import websocket_sessions
from diagnose.probes.outside.websocket_sessions import session_id

Refuse = Callable[[ServerConnection, Request], Response | None]


class Looking:
    """A run with this one probe."""

    def __init__(self, target: Target) -> None:
        self.net, self.target, self.options, self.machine = LocalNet(), target, Options(), None
        self.observations: list[Observation] = []
        self.beside: list[asyncio.Task[None]] = []

    def elapsed(self) -> float:
        return 0.0

    def emit(self, observation: Any, live_stream: Any = None) -> Any:
        self.observations.append(observation)
        return observation

    def take_stream(self, observation: Observation) -> Any:
        return None

    def observed(self, kind: type[Any]) -> tuple[Any, ...]:
        return tuple(observation for observation in self.observations if type(observation) is kind)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.beside.append(asyncio.ensure_future(work))


async def wait(connection: ServerConnection) -> None:
    await connection.wait_closed()


def look(
    refuse: Refuse | None = None,
    paths: tuple[str, ...] = ("/ws",),
    addresses: tuple[str, ...] = ("127.0.0.1",),
    subprotocols: list[Subprotocol] | None = None,
    scheme: str = "http",
) -> tuple[Upgrade, ...]:
    async def run() -> tuple[Upgrade, ...]:
        async with serve(
            wait, "127.0.0.1", 0, process_request=refuse, subprotocols=subprotocols
        ) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            run = Looking(Target("localhost", scheme, "localhost", port, "/", paths))
            seen = run.emit(Resolution(name="localhost", family=4, addresses=addresses))
            await probes.upgrade.work(run, seen)
            await asyncio.gather(*run.beside)
            return run.observed(Upgrade)

    return asyncio.run(run())


def refusing(status: http.HTTPStatus, text: str, unless: Callable[[Request], bool]) -> Refuse:
    def refuse(connection: ServerConnection, request: Request) -> Response | None:
        return None if unless(request) else connection.respond(status, text)

    return refuse


def test_nothing_is_done_where_no_websocket_is_asked_for() -> None:
    assert look(paths=()) == ()


def test_a_websocket_opens() -> None:
    (seen,) = look()
    assert seen.accepted
    assert (seen.path, seen.status, seen.variant) == ("/ws", 101, "normal")
    assert seen.ping_s is not None
    assert "Origin: http://localhost" in seen.equivalent


def test_each_path_is_tried() -> None:
    assert [one.path for one in look(paths=("/a", "/b"))] == ["/a", "/b"]


def test_the_first_address_that_can_be_connected_to_is_taken() -> None:
    (seen,) = look(addresses=("127.0.0.2", "127.0.0.1"))
    assert seen.address == "127.0.0.1"


def test_nothing_is_said_where_no_address_can_be_connected_to() -> None:
    assert look(addresses=("127.0.0.2",)) == ()


def test_a_refused_origin_is_tried_without_one() -> None:
    seen = look(
        refusing(http.HTTPStatus.FORBIDDEN, "Origin?\n", lambda one: "Origin" not in one.headers)
    )
    assert [(observation.variant, observation.accepted) for observation in seen] == [
        ("normal", False),
        ("no-origin", True),
        ("other-scheme", False),
        ("again", False),
        ("again", False),
    ]


def test_a_handshake_that_fails_at_times_is_not_blamed_on_its_origin() -> None:
    """Two servers take turns, and one of them has no WebSocket."""
    asked: list[Request] = []

    def is_second(request: Request) -> bool:
        asked.append(request)
        return len(asked) % 2 == 0

    seen = look(refusing(http.HTTPStatus.NOT_FOUND, "Not Found", is_second))
    assert ("again", True) in [(observation.variant, observation.accepted) for observation in seen]


def test_the_origin_of_the_other_scheme_is_tried() -> None:
    """Without an Origin it fails as well, as with Action Cable."""

    def is_secure(request: Request) -> bool:
        return request.headers.get("Origin", "").startswith("https://")

    seen = look(refusing(http.HTTPStatus.NOT_FOUND, "Page not found", is_secure))
    assert [(observation.variant, observation.accepted) for observation in seen] == [
        ("normal", False),
        ("no-origin", False),
        ("other-scheme", True),
        ("again", False),
        ("again", False),
    ]


def test_a_subprotocol_that_the_answer_names_is_offered() -> None:
    seen = look(
        refusing(
            http.HTTPStatus.BAD_REQUEST,
            "Subprotocol mqtt is required\n",
            lambda one: "mqtt" in one.headers.get("Sec-WebSocket-Protocol", ""),
        ),
        subprotocols=[Subprotocol("mqtt")],
    )
    assert [observation.variant for observation in seen] == ["normal", "subprotocol", "no-origin"]
    assert seen[1].accepted
    assert seen[1].subprotocol == "mqtt"


def test_a_broker_that_closes_is_offered_the_subprotocol_of_its_path() -> None:
    def is_offered(request: Request) -> bool:
        return "mqtt" in request.headers.get("Sec-WebSocket-Protocol", "")

    broker = refusing(http.HTTPStatus.BAD_GATEWAY, "", is_offered)
    seen = look(broker, ("/mqtt",), subprotocols=[Subprotocol("mqtt")])
    assert [(each.variant, each.accepted) for each in seen] == [
        ("normal", False),
        ("subprotocol", True),
    ]
    assert len(look(broker, subprotocols=[Subprotocol("mqtt")])) == 1


def test_a_handshake_that_met_a_limit_is_repeated_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "PAUSE", 0)
    asked: list[Request] = []

    def is_repeated(request: Request) -> bool:
        asked.append(request)
        return len(asked) > 1

    seen = look(refusing(http.HTTPStatus.SERVICE_UNAVAILABLE, "", is_repeated))
    assert [(observation.variant, observation.accepted) for observation in seen] == [
        ("normal", False),
        ("again", True),
    ]


def test_a_page_instead_is_a_fact_and_nothing_more_is_tried() -> None:
    (seen,) = look(refusing(http.HTTPStatus.OK, "hello\n", lambda one: False))
    assert (seen.accepted, seen.fault, seen.body) == (False, "status", "hello")


def test_a_socket_io_session_is_opened_and_found_again() -> None:
    def engine(connection: ServerConnection, request: Request) -> Response | None:
        if "transport=polling" in request.path:
            return connection.respond(http.HTTPStatus.OK, '0{"sid":"abc_1-2","upgrades":[]}')
        return None

    seen = look(engine, paths=("/socket.io/",))
    assert [observation.variant for observation in seen] == [
        "normal",
        "session",
        "session",
        "session",
    ]
    assert seen[0].url.endswith("/socket.io/?EIO=4&transport=websocket")
    assert all(one.url.endswith("&sid=abc_1-2") and one.accepted for one in seen[1:])


def test_a_connection_of_signalr_is_opened_after_one_that_is_unknown() -> None:
    def hub(connection: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/chat?id=old"):
            return connection.respond(http.HTTPStatus.NOT_FOUND, "No Connection with that ID")
        return None

    seen = look(hub, paths=("/chat?id=old",))
    # The library of these tests takes no POST, so that no id is given out.
    assert [one.variant for one in seen] == ["normal"]


@pytest.mark.parametrize(
    ("status", "body", "count"),
    [
        (400, '{"code":1,"message":"Session ID unknown"}', 3),
        (400, '{"code":0,"message":"Transport unknown"}', 0),
        (404, "Not Found", 0),
    ],
)
def test_sessions_are_opened_where_the_site_answers_that_one_is_unknown(
    status: int, body: str, count: int
) -> None:
    def engine(connection: ServerConnection, request: Request) -> Response | None:
        if "transport=polling" in request.path:
            return connection.respond(http.HTTPStatus.OK, '0{"sid":"abc_1-2","upgrades":[]}')
        return None

    async def run() -> tuple[Upgrade, ...]:
        async with serve(wait, "127.0.0.1", 0, process_request=engine) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            path = "/socket.io/?EIO=4&transport=polling&sid=old"
            run: Any = Looking(Target("localhost", "http", "localhost", port, path))
            run.further_requests = FurtherRequests()
            run.emit(Connection(address="127.0.0.1", port=port, family=4, purpose="target"))
            url = f"http://localhost:{port}{path}"
            answer = Exchange(url=url, address="127.0.0.1", port=port, status=status, body=body)
            for _ in range(2):
                await probes.lost_session.work(run, run.emit(answer))
            await asyncio.gather(*run.beside)
            upgrades: tuple[Upgrade, ...] = run.observed(Upgrade)
            return upgrades

    assert [upgrade.variant for upgrade in asyncio.run(run())] == ["session"] * count


def test_a_path_with_an_id_is_tried_without_it() -> None:
    refuse = refusing(http.HTTPStatus.FORBIDDEN, "no", lambda request: "?" not in request.path)
    seen = look(refuse, paths=("/ws?ticket=a1",))
    assert [(one.variant, one.accepted) for one in seen] == [
        ("normal", False),
        ("without-id", True),
    ]
    assert seen[1].url.endswith("/ws")


def at_own_port(accepted: str) -> tuple[Upgrade, ...]:
    """The target is a WebSocket at a port of its own: `look` takes one that the system gives."""
    refuse = refusing(
        http.HTTPStatus.NOT_FOUND, "no", lambda request: request.headers["Origin"] == accepted
    )
    return look(refuse, scheme="ws")


def test_a_page_of_the_usual_port_may_open_a_websocket_at_another() -> None:
    seen = at_own_port("http://localhost")
    assert [(one.variant, one.accepted, one.origin) for one in seen] == [
        ("with-port", False, f"http://localhost:{seen[0].port}"),
        ("normal", True, "http://localhost"),
    ]


@pytest.mark.parametrize(("page", "stands"), [("<script>", True), ("<p>Hello", False)])
def test_a_refusal_stands_where_the_own_port_has_a_page(page: str, stands: bool) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" not in request.headers:
            response = connection.respond(http.HTTPStatus.OK, page)
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = "text/html"
            return response
        own = request.headers.get("Origin", "").count(":") > 1
        return connection.respond(http.HTTPStatus.FORBIDDEN, "no") if own else None

    seen = look(refuse, scheme="ws")
    first, second = [(one.variant, one.accepted) for one in seen[:2]]
    refused = ("normal", False), ("usual-port", True)
    assert (first, second) == (refused if stands else (("with-port", False), ("normal", True)))


def test_both_origins_are_kept_where_both_are_refused() -> None:
    seen = at_own_port("http://other.example.com")
    assert [one.variant for one in seen[:2]] == ["normal", "usual-port"]


def test_a_session_id_is_taken_only_if_it_is_one() -> None:
    assert session_id('0{"sid":"abc"}') == "abc"
    for body in ("", "ok", '0{"sid":"a b"}', '0{"sid":1}', "0[]", '0{"sid":"a\\r\\nX: y"}'):
        assert session_id(body) is None


@pytest.mark.parametrize(
    ("symptom", "is_tried"),
    [(Symptom("websocket", "failed"), True), (Symptom("timeout", "slow"), False), (None, False)],
)
def test_after_a_message_the_websocket_of_the_page_is_tried_once(
    symptom: Symptom | None, is_tried: bool
) -> None:
    async def run() -> tuple[Upgrade, ...]:
        async with serve(wait, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            target = Target("http://localhost", "http", "localhost", port, "/", symptom=symptom)
            run: Any = Looking(target)
            run.further_requests = FurtherRequests()
            run.emit(Connection(address="127.0.0.1", port=port, family=4, purpose="target"))
            named = run.emit(WebSocketPath(source=target.url, path="/live"))
            await probes.reported.work(run, named)
            await probes.try_named_path(run, "/live") if is_tried else None
            return tuple(run.observed(Upgrade))

    assert [upgrade.path for upgrade in asyncio.run(run())] == ["/live"] * is_tried


def known(refuse: Refuse) -> list[tuple[str, int | None]]:
    """Return what is kept of the WebSocket that the site's application is known to need."""

    async def run() -> list[tuple[str, int | None]]:
        async with serve(wait, "127.0.0.1", 0, process_request=refuse) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            url, host = f"http://localhost:{port}/", "127.0.0.1"
            run: Any = Looking(Target(url, "http", "localhost", port, "/"))
            run.further_requests = FurtherRequests()
            run.emit(Exchange(purpose="target", url=url, address=host, port=port, status=200))
            run.emit(Connection(address=host, port=port, family=4))
            path = WebSocketPath(source=url, path="/ws", library="A", need="required")
            await probes.unasked.work(run, run.emit(path))
            return [(one.variant, one.status) for one in run.observed(Upgrade)]

    return asyncio.run(run())


def test_a_refused_origin_of_a_known_application_is_kept() -> None:
    without = refusing(http.HTTPStatus.FORBIDDEN, "", lambda one: "Origin" not in one.headers)
    assert known(without)[:2] == [("normal", 403), ("no-origin", 101)]
    told = refusing(http.HTTPStatus.BAD_REQUEST, "Not an accepted origin.", lambda _: False)
    assert known(told)[0] == ("normal", 400)


def test_a_refusal_that_may_be_about_a_login_is_not_kept() -> None:
    for status in (http.HTTPStatus.FORBIDDEN, http.HTTPStatus.UNAUTHORIZED):
        assert known(refusing(status, "", lambda _: False)) == []


@pytest.mark.parametrize(
    ("need", "opens", "status", "is_kept"),
    [
        ("required", False, 101, True),
        ("required", False, 426, True),
        ("required", False, 401, False),
        ("required", False, 404, False),
        ("required", False, 503, False),
        ("required", True, 503, True),
        ("required", True, 401, False),
        ("optional", False, 101, False),
        ("", False, 101, False),
    ],
)
def test_the_websocket_that_an_application_needs_is_tried_and_a_refusal_is_not_kept(
    need: Literal["", "required", "optional"], opens: bool, status: int, is_kept: bool
) -> None:
    def respond(socket: ServerConnection, _: Request) -> Response | None:
        return None if status == 101 else socket.respond(HTTPStatus(status), "")

    async def run() -> tuple[Upgrade, ...]:
        async with serve(wait, "127.0.0.1", 0, process_request=respond) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            url = f"http://127.0.0.1:{port}/"
            run: Any = Looking(Target(url, "http", "127.0.0.1", port, "/"))
            run.further_requests = FurtherRequests()
            run.emit(Connection(address="127.0.0.1", port=port, family=4, purpose="target"))
            run.emit(Exchange(url=url, address="127.0.0.1", port=port, status=200))
            named = run.emit(
                WebSocketPath(source=url, path="/live", need=need, opens=opens, library="Program")
            )
            await probes.unasked.work(run, named)
            return tuple(run.observed(Upgrade))

    assert bool(asyncio.run(run())) is is_kept


@pytest.mark.parametrize(
    ("named", "status", "body", "variants"),
    [
        ({}, 101, "", ["normal"]),
        ({}, 426, "", ["normal"]),
        ({}, 400, 'Can "Upgrade" only to "WebSocket".', ["normal"]),
        ({"library": "Socket.IO"}, 426, "", ["unasked"]),
        ({}, 400, "no room given", ["unasked"]),
        ({}, 401, "", ["unasked"]),
        ({}, 404, "", ["unasked"]),
        ({}, 502, "", ["unasked"]),
        ({"base": "assumed"}, 101, "", []),
        ({"need": "optional", "library": "n8n"}, 101, "", []),
        ({"library": "n8n"}, 101, "", []),
    ],
)
def test_a_websocket_that_the_page_names_is_tried_and_a_doubtful_refusal_is_none_of_a_visitor(
    named: dict[str, str], status: int, body: str, variants: list[str]
) -> None:
    def respond(socket: ServerConnection, _: Request) -> Response | None:
        return None if status == 101 else socket.respond(HTTPStatus(status), body)

    async def run() -> list[str]:
        async with serve(wait, "127.0.0.1", 0, process_request=respond) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            url = f"http://127.0.0.1:{port}/"
            run: Any = Looking(Target(url, "http", "127.0.0.1", port, "/"))
            run.further_requests = FurtherRequests()
            run.emit(Connection(address="127.0.0.1", port=port, family=4, purpose="target"))
            run.emit(Exchange(url=url, address="127.0.0.1", port=port, status=200))
            path = run.emit(WebSocketPath(source=url, path="/live", **named))  # type: ignore[arg-type]
            await probes.unasked.work(run, path)
            await probes.unasked.work(run, path)
            return [upgrade.variant for upgrade in run.observed(Upgrade)]

    assert asyncio.run(run()) == variants


@pytest.mark.parametrize(
    ("message", "library", "count"),
    [
        ("Socket.IO with four workers: the clients reconnect all the time", "Socket.IO", 3),
        ("uvicorn says 400 Bad Request", "Socket.IO", 3),
        ("the page is slow", "Socket.IO", 0),
        ("400 Bad Request", "", 0),
        ("", "Socket.IO", 0),
    ],
)
def test_sessions_are_opened_where_a_websocket_opens_and_words_may_tell_of_a_lost_one(
    monkeypatch: pytest.MonkeyPatch, message: str, library: str, count: int
) -> None:
    """https://github.com/pyropy/fastapi-socketio/issues/47: the WebSocket opens by itself."""
    tried: list[str] = []

    async def try_session(_: Any, __: str, path: str) -> None:
        tried.append(path)

    monkeypatch.setattr(websocket_sessions, "try_session", try_session)

    async def run() -> None:
        async with serve(wait, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            url = f"http://127.0.0.1:{port}/"
            number = 400 if "400" in message else None
            symptom = Symptom("status", message, number) if message else None
            run: Any = Looking(Target(url, "http", "127.0.0.1", port, "/", symptom=symptom))
            run.further_requests = FurtherRequests()
            run.emit(Connection(address="127.0.0.1", port=port, family=4, purpose="target"))
            run.emit(Exchange(url=url, address="127.0.0.1", port=port, status=200))
            path = WebSocketPath(source=url, path="/socket.io/", library=library)
            await probes.unasked.work(run, run.emit(path))
            for task in run.beside:
                await task

    asyncio.run(run())
    assert tried == ["/socket.io/"] * count
