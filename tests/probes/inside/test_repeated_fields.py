"""The application behind a proxy that adds a field, asked with that once and twice."""

import asyncio
import shlex
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.model.backends import RepeatedFieldTrial
from diagnose.probes.inside.backends import VISITOR
from diagnose.probes.inside.repeated_fields import try_repeated_fields
from tests.support.fake_context import Looking
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.recorded_machine import RecordedMachine

ADDS = TEXT.replace("    default_b", "    option forwardfor\n    default_b")


class Strict(RecordedMachine):
    """An application that answers 400 to a field that stands twice; `by_turns` whatever it gets."""

    def __init__(self, by_turns: bool = False) -> None:
        super().__init__({})
        self.by_turns = by_turns

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        repeated = sum(word.startswith("X-Forwarded-For: ") for word in argv) > 1
        refuses = len(self.commands_run) % 2 if self.by_turns else repeated
        head = "< HTTP/1.1 400 Bad Request\r\n" if refuses else "< HTTP/1.1 200 OK\r\n"
        return CommandResult(argv, 0, "", head, 0.0)


def tried(machine: Strict, text: str = ADDS, product: str = "haproxy") -> list[RepeatedFieldTrial]:
    looking = Looking(machine)
    given = config(text)
    looking.observations += (SERVER, given)
    other = given if product == "haproxy" else replace(given, product="apache")
    for _ in range(2):
        asyncio.run(try_repeated_fields(looking, other, VISITOR))
    return list(looking.observed(RepeatedFieldTrial))


def test_a_field_twice_is_refused() -> None:
    machine = Strict()
    (trial,) = tried(machine)
    assert (trial.name, trial.port, trial.once, trial.twice) == ("X-Forwarded-For", 443, 200, 400)
    assert trial.is_decisive
    assert trial.equivalent.count("X-Forwarded-For: ") == 2
    assert len(machine.commands_run) == 4


def test_an_application_that_answers_by_turns_shows_nothing() -> None:
    (trial,) = tried(Strict(by_turns=True))
    assert not trial.is_decisive


def test_nobody_is_asked_where_no_line_adds_a_field() -> None:
    for text, product in ((TEXT, "haproxy"), (ADDS, "apache")):
        machine = Strict()
        assert not tried(machine, text, product)
        assert not machine.commands_run
