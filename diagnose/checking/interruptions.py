"""Remedies that end the connections of a program that runs: a person reads them first."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Command, Effect
from diagnose.model.steps import Risk


def reviewed(claim: Claim) -> Claim:
    """Return a claim whose remedy is not automatic if it stops or restarts a program that runs. A
    restart with an undo starts what is dead."""
    fix = claim.fix
    if fix is None or fix.applicability is not Applicability.AUTOMATIC:
        return claim
    if not any(isinstance(step, Command) and _ends_connections(step) for step in fix.steps):
        return claim
    return replace(claim, fix=replace(fix, applicability=Applicability.REVIEW))


def _ends_connections(command: Command) -> bool:
    is_restart = command.effect is Effect.RESTART or command.risk is Risk.STOPS
    return command.effect is Effect.STOP or (is_restart and not command.undo)
