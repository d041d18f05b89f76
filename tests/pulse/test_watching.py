"""A site that changes between two pulses, on loopback."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose import engine
from diagnose.model import Report, Target
from diagnose.net.local import LocalNet
from diagnose.parsers.request_fields import RequestFields
from diagnose.parsers.target import parse_target
from diagnose.probes import Options
from diagnose.pulse.asking import take_pulse
from diagnose.pulse.watching import WatchedTarget
from tests.support.changing_site import ChangingSite, changing_site


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


NO_FIELDS = RequestFields()
Work = Callable[[ChangingSite, WatchedTarget, Clock], Awaitable[None]]


@pytest.fixture
def watch(tmp_path: Path) -> Callable[..., None]:
    """Do some work with a site that is watched."""

    def run(work: Work, websocket: bool = False, request: RequestFields = NO_FIELDS) -> None:
        async def with_site() -> None:
            async with changing_site() as site:
                cafile = str(tmp_path / "ca.pem")
                site.authority.cert_pem.write_to_path(cafile)
                options = Options(inside=False, cafile=cafile, request=request)

                async def diagnose(target: Target) -> Report:
                    return await engine.run(target, options, LocalNet())

                target, clock = parse_target(site.url), Clock()
                target = replace(target, websockets=("/ws",)) if websocket else target
                watched = WatchedTarget(target, options, LocalNet(), diagnose, 300.0, clock=clock)
                await work(site, watched, clock)

        asyncio.run(with_site())

    return run


async def first_diagnosis(watched: WatchedTarget) -> None:
    pulse, diagnosis = await watched.step()
    assert pulse is None
    assert diagnosis is not None
    assert diagnosis.reason == "first"


def test_a_site_that_stays_the_same_is_asked_little(watch: Callable[..., None]) -> None:
    async def work(site: ChangingSite, watched: WatchedTarget, clock: Clock) -> None:
        await first_diagnosis(watched)
        site.paths.clear()
        for _ in range(3):
            pulse, diagnosis = await watched.step()
            assert pulse is not None
            assert (pulse.difference, diagnosis) == ("", None)
            # Port 80 of this machine is whatever it is: the same as before.
            outcomes = {answer.question: answer.outcome for answer in pulse.answers}
            assert outcomes["https"] == "200"
        assert site.paths == ["/"] * 3

    watch(work)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"status": "503 Service Unavailable"}, "503, was 200"),
        ({"status": "301 Moved", "location": "https://other.example/"}, "301 https://other"),
    ],
)
def test_another_answer_is_a_reason_for_the_whole_diagnosis(
    watch: Callable[..., None], change: dict[str, str], difference: str
) -> None:
    async def work(site: ChangingSite, watched: WatchedTarget, clock: Clock) -> None:
        await first_diagnosis(watched)
        for name, value in change.items():
            setattr(site, name, value)
        pulse, diagnosis = await watched.step()
        assert pulse is not None
        assert diagnosis is not None
        assert difference in pulse.difference
        assert (diagnosis.reason, diagnosis.difference) == ("difference", pulse.difference)
        # That is the new state: nothing differs from it.
        pulse, diagnosis = await watched.step()
        assert pulse is not None
        assert (pulse.difference, diagnosis) == ("", None)

    watch(work)


def test_another_certificate_is_a_difference(watch: Callable[..., None]) -> None:
    async def work(site: ChangingSite, watched: WatchedTarget, clock: Clock) -> None:
        await first_diagnosis(watched)
        site.renew()
        pulse, _ = await watched.step()
        assert pulse is not None
        assert "another certificate" in pulse.difference

    watch(work)


def test_a_websocket_that_does_not_open_any_more_is_a_difference(
    watch: Callable[..., None],
) -> None:
    async def work(site: ChangingSite, watched: WatchedTarget, clock: Clock) -> None:
        await first_diagnosis(watched)
        pulse, diagnosis = await watched.step()
        assert pulse is not None
        assert (pulse.difference, diagnosis) == ("", None)
        assert {answer.question for answer in pulse.answers} >= {"https", "websocket"}
        site.upgrades, site.status = False, "200 OK"
        pulse, _ = await watched.step()
        assert pulse is not None
        assert pulse.difference == "websocket/ws 127.0.0.1: 200, was 101"

    watch(work, websocket=True)


def test_the_whole_diagnosis_is_repeated_when_it_is_old(watch: Callable[..., None]) -> None:
    async def work(site: ChangingSite, watched: WatchedTarget, clock: Clock) -> None:
        await first_diagnosis(watched)
        clock.now += 301.0
        pulse, diagnosis = await watched.step()
        assert pulse is None
        assert diagnosis is not None
        assert diagnosis.reason == "due"
        pulse, diagnosis = await watched.step()
        assert diagnosis is None

    watch(work)


def test_a_server_that_is_gone_and_comes_back_is_told_twice(watch: Callable[..., None]) -> None:
    async def work(site: ChangingSite, watched: WatchedTarget, clock: Clock) -> None:
        await first_diagnosis(watched)
        port, watched.target = site.port, replace(watched.target, port=1)
        pulse, diagnosis = await watched.step()
        assert pulse is not None
        assert "https 127.0.0.1: refused, was 200" in pulse.difference
        assert diagnosis is not None
        watched.target = replace(watched.target, port=port)
        pulse, diagnosis = await watched.step()
        assert pulse is not None
        assert "https 127.0.0.1: 200, was refused" in pulse.difference
        assert diagnosis is not None

    watch(work)


def test_credentials_go_to_no_other_certificate(watch: Callable[..., None]) -> None:
    async def work(site: ChangingSite, watched: WatchedTarget, clock: Clock) -> None:
        await first_diagnosis(watched)
        for renew, is_sent in ((False, True), (True, False)):
            if renew:
                site.renew()
            site.heads.clear()
            expected, diagnosed_at = watched.expected, watched.diagnosed_at
            address = expected.addresses[0]
            await take_pulse(watched.target, watched.options, LocalNet(), expected, address)
            assert site.heads
            assert any(b"x-token: secret" in head.lower() for head in site.heads) == is_sent
            assert watched.diagnosed_at == diagnosed_at

    watch(work, True, RequestFields(headers=(("X-Token", "secret"),)))
