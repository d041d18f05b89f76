"""What the screen is told by the command line: a run and what has changed, a fix, targets."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnose import history
from diagnose.cli import screen
from diagnose.cli.screen import Ways
from diagnose.machine.recorded import RecordedMachine
from diagnose.model import Report
from diagnose.model.events import Concluded, Sink
from diagnose.parsers.target import read
from diagnose.processes.worker import Channel
from diagnose.tui.messages import Asked, Changed, Earlier, Own, Said
from tests.support.check_evidence import SHOP
from tests.support.report_builder import healthy, mended


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return history.place()


def ways(report: Report, **more: Any) -> Ways:
    async def look(asked: Asked, sink: Sink) -> Report:
        sink(Concluded(report))
        return report

    async def mend(asked: Asked, talk: Any, undo: bool) -> int:
        talk.write("undone\n" if undo else "mended\n")
        return 0 if talk.ask("Shall I?") else 2

    return Ways(look, mend, lambda word: read(word), lambda seen, crashes: report, **more)


def told(made: Ways, service: str, *given: object, answer: bool = True) -> list[Any]:
    said: list[Any] = []
    channel = Channel(said.append)
    channel.answers.put(answer)
    asyncio.run(screen.services(made)[service](channel, *given))
    return said


def test_a_run_is_told_and_kept_and_then_what_has_changed() -> None:
    said = told(ways(healthy()), "run", Asked(SHOP))
    assert [type(one) for one in said] == [Concluded, Changed]
    (kept,) = history.load(history.place())
    assert (kept.target, kept.status) == (SHOP.url, "ok")


@pytest.mark.parametrize(
    ("asked", "more"),
    [(Asked(SHOP, only=("tls",)), {}), (Asked(SHOP), {"kind": "demo"}),
     (Asked(SHOP), {"kind": "recording"})],
)  # fmt: skip
def test_a_part_of_a_run_a_demonstration_and_a_recording_are_not_kept(
    asked: Asked, more: dict[str, Any]
) -> None:
    assert [type(one) for one in told(ways(healthy(), **more), "run", asked)] == [Concluded]
    assert history.load(history.place()) == ()


def test_the_server_that_was_looked_into_is_kept() -> None:
    told(ways(healthy(), server="ssh://one"), "run", Asked(SHOP))
    told(ways(healthy(), server="ssh://one"), "run", Asked(SHOP, server="ssh://two"))
    assert [one.server for one in history.load(history.place())] == ["ssh://one", "ssh://two"]


@pytest.mark.parametrize(("undo", "words"), [(False, "mended\n"), (True, "undone\n")])
def test_a_fix_talks_to_the_screen(undo: bool, words: str) -> None:
    from diagnose.model.view import View
    from diagnose.processes.worker import Question

    said = told(ways(mended()), "mend", Asked(SHOP), undo, View())
    assert said == [Said(words), Question("Shall I?")]


def test_targets_of_earlier_runs_are_listed_the_last_first_and_own_sites_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = replace(SHOP, host="www.example.com", websockets=("/ws",))
    for target in (SHOP, other):
        report = healthy()
        evidence = replace(report.evidence, target=target)
        told(ways(replace(report, evidence=evidence)), "run", Asked(target))
    monkeypatch.setattr(screen, "_own", found())
    own, earlier = told(ways(healthy()), "sites")
    assert own == Own(())
    assert isinstance(earlier, Earlier)
    assert [target.url for target, _ in earlier.known] == [other.url, SHOP.url]
    assert earlier.known[0][0].websockets == ("/ws",)
    monkeypatch.setattr(screen, "_own", found(SHOP))
    own, earlier = told(ways(healthy()), "sites")
    assert [target.url for target, _ in earlier.known] == [other.url]


def found(*targets: Any) -> Callable[[Ways], Any]:
    async def own(_: Ways) -> list[Any]:
        return list(targets)

    return own


def test_without_a_way_into_a_server_there_are_no_sites_of_its_own() -> None:
    own, _ = told(ways(healthy()), "sites")
    assert own == Own(())


def test_the_sites_are_those_of_the_server_that_the_door_leads_to() -> None:
    config = "http { server { listen 443 ssl; server_name shop.example.com; } }"
    machine = RecordedMachine(files={"/etc/nginx/nginx.conf": config})
    own, _ = told(ways(healthy(), door=lambda: nullcontext(machine)), "sites")
    assert [one.url for one in own.targets] == [SHOP.url]
