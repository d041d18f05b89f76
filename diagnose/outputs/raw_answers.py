"""What servers sent, line by line and without secrets: the part of the report that -vvv adds."""

from collections.abc import Iterator
from itertools import islice

from diagnose.model import Observation
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.tls import Handshake
from diagnose.parsers.secrets import hide_secrets

#: The verbosity from which it is shown.
RAW = 3

#: The number of lines of one body: what an observation keeps may be short lines only.
_MAX_BODY_LINES = 40


def raw_lines(observation: Observation) -> list[str]:
    """Return the status line, the header fields and the beginning of the body of a response, as far
    as the observation keeps them; or the beginning of what came in place of one. Values of cookies
    and other secrets are hidden. Nothing, if the observation keeps neither."""
    return [hide_secrets(line) for line in _lines(observation)]


def _lines(observation: Observation) -> Iterator[str]:
    if isinstance(observation, Handshake):
        yield from observation.received.splitlines()
        return
    status, headers = getattr(observation, "status", None), getattr(observation, "headers", ())
    if status is not None and headers:
        version = getattr(observation, "version", "") or "HTTP/1.1"
        yield f"{version} {status} {getattr(observation, 'reason', '')}".rstrip()
    for name, value in headers:
        yield f"{name}: {value}"
    if isinstance(observation, Exchange | Upgrade):
        body = islice(observation.body.splitlines(), _MAX_BODY_LINES)
        yield from ("", *body) if observation.body else ()
    if isinstance(observation, Upgrade):
        yield from observation.stray.splitlines()
