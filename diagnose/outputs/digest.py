"""Describes an observation on one line."""

from diagnose.model import Observation
from diagnose.model.tcp import IcmpError


def digest(observation: Observation) -> str:
    """Return subject and outcome; of a failed attempt, the failure. Machine messages are not
    translated."""
    subject, outcome = observation.summary()
    if observation.failure is not None:
        code = f" ({observation.failure.name})" if observation.failure.name else ""
        icmp = _icmp_text(getattr(observation, "icmp", None))
        outcome = f"{observation.failure.message}{code}{icmp}"
    return f"{subject}: {outcome}" if subject and outcome else subject or outcome


def _icmp_text(error: IcmpError | None) -> str:
    """Return type, code and sender of the ICMP error that ended an attempt."""
    if error is None:
        return ""
    sender = "this machine" if error.local else error.sender
    return f"; ICMP {error.type}/{error.code} from {sender}"
