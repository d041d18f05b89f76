"""What a remedy puts at risk, derived from its steps."""

import pytest

from diagnose.i18n.reports import translate
from diagnose.model import Command, Edit, Effect, Manual, Risk, Where, commands, firewall_commands
from diagnose.model.risk import risks


@pytest.mark.parametrize(
    ("effect", "risk"),
    [
        (Effect.RELOAD, Risk.RELOADS),
        (Effect.RESTART, Risk.INTERRUPTS),
        (Effect.START, Risk.STARTS),
        (Effect.STOP, Risk.STOPS),
        (Effect.CHANGE, Risk.CHANGES_SYSTEM),
    ],
)
def test_a_command_has_the_risk_of_its_effect(effect: Effect, risk: Risk) -> None:
    assert risks([Command(("tool",), effect)]) == (risk,)


def test_a_change_may_say_its_own_risk() -> None:
    assert risks([Command(("tool",), Effect.CHANGE, risk=Risk.STOPS)]) == (Risk.STOPS,)


@pytest.mark.parametrize("effect", [Effect.TEST, Effect.RESET])
def test_what_changes_nothing_has_none(effect: Effect) -> None:
    assert risks([Command(("tool",), effect)]) == ()


def test_the_gravest_comes_first_and_each_once() -> None:
    steps = (Edit("/etc/a", ""), Edit("/etc/b", ""), commands.restart_service("a"))
    assert risks(steps) == (Risk.INTERRUPTS, Risk.EDITS_FILES)


def test_a_step_by_hand_has_that_of_what_is_typed() -> None:
    assert risks([Manual("open", Where.CLOUD_CONSOLE)]) == (Risk.BY_HAND,)
    typed = Manual("reload", Where.SERVER, commands=(firewall_commands.reload_ufw(),))
    assert risks([typed]) == (Risk.RELOADS,)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_has_words(lang: str) -> None:
    words = [translate(f"risk.{risk}", lang) for risk in Risk]
    assert len(set(words)) == len(Risk)
