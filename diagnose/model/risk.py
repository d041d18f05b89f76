"""The risks of a fix, derived from its steps. No I/O."""

from collections.abc import Iterable
from typing import assert_never

from diagnose.model.steps import Command, Edit, Effect, Manual, Risk, Step

_ORDER = tuple(Risk)


def risks(steps: Iterable[Step]) -> tuple[Risk, ...]:
    """Return each risk once, the most serious first; () if the steps change nothing."""
    unordered = {risk for step in steps for risk in _step_risks(step)}
    return tuple(sorted(unordered, key=_ORDER.index))


def _step_risks(step: Step) -> tuple[Risk, ...]:
    match step:
        case Edit():
            return (Risk.EDITS_FILES, step.risk)
        case Manual():
            return risks(step.commands) or (Risk.BY_HAND,)
        case Command():
            risk = _command_risk(step)
            return (risk,) if risk else ()
        case _:
            assert_never(step)


def _command_risk(command: Command) -> Risk | None:
    match command.effect:
        case Effect.TEST | Effect.RESET:
            return None
        case Effect.RELOAD:
            return Risk.RELOADS
        case Effect.RESTART:
            return Risk.INTERRUPTS
        case Effect.START:
            return Risk.STARTS
        case Effect.STOP:
            return Risk.STOPS
        case Effect.CHANGE:
            return command.risk
        case _:
            assert_never(command.effect)
