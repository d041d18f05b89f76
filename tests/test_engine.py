"""A run: no barriers, crashes that cost nothing already seen, an end in time."""

import asyncio
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest

from diagnose import engine
from diagnose.checking.verdicts import verdict
from diagnose.machine import CommandResult, FileContent, Machine, Socket
from diagnose.model import Failure, Observation, Report, Side, Target, Unseen, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.events import Concluded, Crashed, Event, Observed, Started, Waiting
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net import ConnectResult
from diagnose.net.deadline import Deadline
from diagnose.net.local import LocalNet
from diagnose.probes import Options, Probe, ProbeContext, probe, server_side
from tests.support.check_evidence import SHOP
from tests.support.engine_runs import install_probes
from tests.support.report_builder import NAME

Install = Callable[..., None]


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install these probes in place of the real ones, outside and inside."""

    def install(*outside: Probe, inside: tuple[Probe, ...] = ()) -> None:
        install_probes(monkeypatch, *outside, inside=inside)

    return install


class Nowhere(Machine):
    """A machine on which there is nothing."""

    via = "local"

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        return CommandResult(argv, None, "", "", 0.0, Failure("missing", "no such program"))

    async def read(self, path: str, limit: int = 0) -> FileContent:
        return FileContent(path, failure=Failure("missing", "no such file"))

    async def glob(self, pattern: str) -> tuple[str, ...]:
        return ()

    async def read_all(self, pattern: str, limit: int = 0) -> tuple[FileContent, ...]:
        return ()

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        return ()

    async def connect(self, address: str, port: int, timeout: float = 4.0) -> ConnectResult:
        return ConnectResult(0.0, failure=Failure("refused", "nothing listens"))


AS_USUAL = Options()


def run(
    options: Options = AS_USUAL, door: Machine | None = None, target: Target = SHOP
) -> tuple[Report, list[Event]]:
    events: list[Event] = []
    report = asyncio.run(engine.run(target, options, LocalNet(), events.append, door))
    return report, events


def sees(*observations: Observation, after: type[Observation] | None = None) -> Probe:
    async def look(look: ProbeContext, *_: Observation) -> None:
        for one in observations:
            look.emit(one)

    return probe(after)(look)


def connection(address: str) -> Connection:
    return Connection(address=address, port=443, family=4)


def test_a_run_is_a_story_from_started_to_concluded(probes: Install) -> None:
    probes(sees(NAME))
    report, events = run()
    assert [type(event) for event in events] == [Started, Observed, Concluded]
    assert isinstance(events[1], Observed)
    assert events[1].number == 1
    assert events[-1] == Concluded(report)


def test_a_run_tells_what_it_waits_for(probes: Install) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        @probe()
        async def listen(look: ProbeContext) -> None:
            attempt = await look.net.connect("127.0.0.1", port)
            assert attempt.stream is not None
            with pytest.raises(TimeoutError):
                await attempt.stream.read(timeout=1.2)
            attempt.stream.close()

        probes(listen)
        _, events = run()
    first = next(event for event in events if isinstance(event, Waiting))
    assert [(wait.kind, wait.port) for wait in first.waits] == [("answer", port)]


def test_nothing_waits_for_what_it_does_not_need(probes: Install) -> None:
    """The handshake on one address is over before the connection to the other fails."""
    order: list[str] = []
    held = asyncio.Event()

    @probe()
    async def connect(look: ProbeContext) -> None:
        look.emit(connection("203.0.113.10"))
        await held.wait()
        order.append("slow connection")
        look.emit(connection("203.0.113.11"))

    @probe(after=Connection)
    async def handshake(look: ProbeContext, seen: Connection) -> None:
        order.append(f"handshake {seen.address}")
        held.set()

    probes(handshake, connect)
    run()
    assert order == ["handshake 203.0.113.10", "slow connection", "handshake 203.0.113.11"]


def test_a_probe_that_comes_late_is_given_what_was_seen_before(probes: Install) -> None:
    told: list[Observation] = []

    @probe(after=Resolution)
    async def later(look: ProbeContext, seen: Resolution) -> None:
        told.append(seen)

    async def looks(look: ProbeContext) -> None:
        look.emit(NAME)
        look.register(later)  # type: ignore[attr-defined]

    probes(probe()(looks))
    run()
    assert told == [NAME]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_probe_with_needs_gets_each_with_the_first_that_it_needs(
    probes: Install, is_late: bool
) -> None:
    pairs: list[tuple[str, Observation]] = []

    @probe(after=Connection, needs=Resolution)
    async def both(look: ProbeContext, seen: Connection, name: Resolution) -> None:
        pairs.append((seen.address, name))

    async def looks(look: ProbeContext) -> None:
        look.emit(connection("203.0.113.10"))
        look.emit(NAME)
        look.emit(replace(NAME))
        look.emit(connection("203.0.113.11"))
        if is_late:
            look.register(both)  # type: ignore[attr-defined]

    probes(*([] if is_late else [both]), probe()(looks))
    run()
    assert pairs == [("203.0.113.10", NAME), ("203.0.113.11", NAME)]


def test_a_probe_that_raises_loses_nothing_already_seen(probes: Install) -> None:
    @probe()
    async def broken(look: ProbeContext) -> None:
        look.emit(NAME)
        raise ValueError("no")

    probes(broken, sees(connection("203.0.113.10")))
    report, events = run()
    kinds = {type(observation) for observation in report.evidence.observations}
    assert kinds == {Resolution, Connection, Unseen}
    (crash,) = report.crashes
    assert crash.message == "ValueError: no"
    assert Crashed(crash) in events


def test_a_module_that_cannot_be_imported_is_a_crash_and_no_more(
    probes: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes(sees(NAME))
    monkeypatch.setattr(engine, "OUTSIDE", ("only_these", "not_there"))
    report, _ = run()
    assert report.evidence.of(Resolution) == (NAME,)
    assert "ModuleNotFoundError" in report.crashes[0].message


@pytest.fixture
def expire(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it in a run: its deadline is now, however busy the machine is."""
    deadlines: list[Deadline] = []

    def deadline(seconds: float | None) -> Deadline:
        deadlines.append(Deadline(seconds))
        return deadlines[-1]

    monkeypatch.setattr(engine, "run_deadline", deadline)
    return lambda: deadlines[0].expire()


def test_a_run_ends_by_its_deadline_with_what_is_known(
    probes: Install, expire: Callable[[], None]
) -> None:
    @probe()
    async def endless(look: ProbeContext) -> None:
        look.emit(NAME)
        expire()
        await asyncio.Event().wait()

    probes(endless)
    report, events = run(Options(timeout=3600))
    assert report.evidence.of(Resolution) == (NAME,)
    (rest,) = report.evidence.of(Unseen)
    assert (rest.why, rest.enable) == ("deadline", f"diagnose {SHOP.url} --timeout 3600")
    assert verdict(report).exit_status == 3
    assert isinstance(events[-1], Concluded)
    assert not report.interrupted


@pytest.mark.parametrize(
    ("host", "command"),
    [("shop.example.com", "diagnose https://shop.example.com/"), ("localhost", ""), ("::1", "")],
)
def test_the_way_to_a_server_is_seen_from_elsewhere_by_a_name_that_leads_there(
    probes: Install, monkeypatch: pytest.MonkeyPatch, host: str, command: str
) -> None:
    monkeypatch.setattr(engine, "is_healthy_from_server", lambda _: True)
    probes(sees(NAME))
    report, _ = run(target=Target(host, "https", host, 443))
    (way,) = report.evidence.of(Unseen)
    assert (way.what, way.enable) == ("the way to this server", command)


def test_an_interrupted_run_says_what_it_knows(probes: Install) -> None:
    reached = asyncio.Event()

    @probe()
    async def endless(look: ProbeContext) -> None:
        look.emit(connection("203.0.113.10"))
        reached.set()
        await asyncio.Event().wait()

    async def interrupted() -> Report:
        task = asyncio.ensure_future(engine.run(SHOP, Options(), LocalNet()))
        await reached.wait()
        task.cancel()
        return await task

    probes(endless)
    report = asyncio.run(interrupted())
    assert report.interrupted
    assert len(report.evidence.of(Connection)) == 1


def test_work_that_had_no_time_to_begin_is_given_up_without_a_word(probes: Install) -> None:
    """Unawaited coroutines would be warnings, which are errors here."""

    async def more(look: ProbeContext) -> None:
        raise AssertionError("begun")

    @probe()
    async def starts_and_is_interrupted(look: ProbeContext) -> None:
        runs[0].cancel()
        look.start(more(look))

    async def interrupted() -> Report:
        runs.append(asyncio.ensure_future(engine.run(SHOP, Options(), LocalNet())))
        return await runs[0]

    runs: list[asyncio.Future[Report]] = []
    probes(starts_and_is_interrupted)
    report = asyncio.run(interrupted())
    assert (report.interrupted, report.crashes) == (True, ())


class Stream:
    closed = False

    def close(self) -> None:
        self.closed = True


def hand_over(stream: Stream) -> Probe:
    async def connect(look: ProbeContext) -> None:
        look.emit(connection("203.0.113.10"), live_stream=stream)

    return probe()(connect)


def test_a_stream_is_taken_over_by_the_first_who_asks(probes: Install) -> None:
    stream, taken = Stream(), []

    @probe(after=Connection)
    async def handshake(look: ProbeContext, seen: Connection) -> None:
        taken.append(look.take_stream(seen))

    @probe(after=Connection)
    async def another(look: ProbeContext, seen: Connection) -> None:
        taken.append(look.take_stream(seen))

    probes(handshake, another, hand_over(stream))
    run()
    assert taken == [stream, None]
    assert not stream.closed


def test_a_stream_that_nobody_takes_is_closed(probes: Install) -> None:
    stream = Stream()
    probes(hand_over(stream))
    run()
    assert stream.closed


def test_streams_are_closed_also_when_the_time_is_over(
    probes: Install, expire: Callable[[], None]
) -> None:
    @probe(after=Connection)
    async def endless(look: ProbeContext, seen: Connection) -> None:
        expire()
        await asyncio.Event().wait()

    stream = Stream()
    probes(endless, hand_over(stream))
    run(Options(timeout=3600))
    assert stream.closed


def test_work_begun_by_a_probe_belongs_to_the_run(probes: Install) -> None:
    async def more(look: ProbeContext) -> None:
        await asyncio.sleep(0)
        look.emit(connection("203.0.113.10"))

    @probe()
    async def starts(look: ProbeContext) -> None:
        look.start(more(look))

    probes(starts)
    assert run()[0].evidence.of(Connection)


@pytest.mark.parametrize(
    ("options", "door", "expected"),
    [
        (Options(inside=True), True, {Resolution, Handshake}),
        (Options(inside=True, outside=False), True, {Handshake}),
        (Options(inside=None), True, {Resolution}),
        (Options(inside=None), False, {Resolution}),
    ],
)
def test_the_door_is_gone_through_where_it_is_asked_for(
    probes: Install, options: Options, door: bool, expected: set[type[Observation]]
) -> None:
    secure = Handshake(address="203.0.113.10", port=443, vantage=Vantage.SERVER)
    probes(sees(NAME), inside=(sees(secure),))
    report, _ = run(options, Nowhere() if door else None)
    assert {type(observation) for observation in report.evidence.observations} == expected


def test_on_the_server_itself_it_looks_inside_without_being_told(probes: Install) -> None:
    mine = Resolution(name="localhost", family=4, addresses=("127.0.0.1",))
    secure = Handshake(address="127.0.0.1", port=443, vantage=Vantage.SERVER)
    probes(sees(mine), inside=(sees(secure),))
    report, _ = run(Options(), Nowhere())
    assert report.evidence.of(Handshake) == (secure,)


def test_what_the_server_sees_of_itself_is_seen_by_the_same_probes(
    probes: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection itself is no evidence; what was seen on it is, from the server's vantage,
    and the probes of the outside are not given it a second time."""
    visited: list[tuple[str, Vantage]] = []

    @probe(after=Connection)
    async def handshake(look: ProbeContext, seen: Connection) -> None:
        visited.append((seen.address, seen.vantage))
        look.emit(Handshake(address=seen.address, port=443))
        assert len(look.observed(Handshake)) == 1

    @probe()
    async def front(look: ProbeContext) -> None:
        within = look.from_server("203.0.113.10")
        assert within is not None
        assert look.from_server("203.0.113.10") is None
        within.emit(connection("203.0.113.10"))
        assert (await within.net.connect("203.0.113.10", 443)).failure is not None

    probes(handshake, inside=(front,))
    monkeypatch.setattr(server_side, "SERVER_SIDE", ("only_these",))
    report, _ = run(Options(inside=True), Nowhere())
    assert report.crashes == ()
    assert visited == [("203.0.113.10", Vantage.SERVER)]
    assert [one.vantage for one in report.evidence.of(Handshake)] == [Vantage.SERVER]
    assert not report.evidence.of(Connection)


def test_an_observation_of_the_server_starts_inside_probes_only(probes: Install) -> None:
    started: list[str] = []

    def note(name: str) -> Probe:
        async def append_name(look: ProbeContext, seen: Resolution) -> None:
            started.append(name)

        return probe(after=Resolution)(append_name)

    on_server = Resolution(name="localhost", family=4, vantage=Vantage.SERVER)
    probes(note("outside"), inside=(sees(on_server), note("inside")))
    run(Options(inside=True), Nowhere())
    assert started == ["inside"]


REFUSED = Failure("refused", "Connection refused", 111, "ECONNREFUSED")


@pytest.mark.parametrize(
    ("seen", "options", "is_started"),
    [
        (connection("203.0.113.10"), Options(inside=True), False),
        (replace(connection("203.0.113.10"), failure=REFUSED), Options(inside=True), True),
        (replace(connection("203.0.113.10"), failure=REFUSED), Options(inside=False), False),
        (replace(NAME, failure=REFUSED), Options(inside=True), False),
        (
            Handshake(address="203.0.113.10", port=443, variant="old", failure=REFUSED),
            Options(inside=True),
            False,
        ),
        (NAME, Options(inside=True, cloud=True), True),
    ],
)
def test_some_inside_probes_are_imported_after_a_failure_only(
    probes: Install,
    monkeypatch: pytest.MonkeyPatch,
    seen: Observation,
    options: Options,
    is_started: bool,
) -> None:
    started: list[Observation] = []

    async def look_closer(_: ProbeContext, observation: Observation) -> None:
        started.append(observation)

    probes(sees(seen))
    late = ModuleType("late")
    vars(late)["look_closer"] = replace(probe(after=type(seen))(look_closer), side=Side.INSIDE)
    monkeypatch.setitem(sys.modules, "diagnose.probes.inside.late", late)
    monkeypatch.setattr(engine, "AFTER_FAILURE", ("late",))
    monkeypatch.setattr(Options, "requested_modules", ())
    run(options, Nowhere())
    assert started == ([seen] if is_started else [])
