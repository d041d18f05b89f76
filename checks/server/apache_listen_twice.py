"""Apache does not start, because two Listen lines want the same port: AH00072, "Address already in
use: could not bind". `apachectl -t` does not notice (mpm_common, "Listen")."""

import re
from collections.abc import Iterator
from itertools import combinations

from checks.server import line_edit, place_text, server_view, start_steps
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteSocket, WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Listeners],
    explains=["server.not-running"],
)
def apache_listen_twice(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    if view is None or view.config is None or view.server.product != "apache":
        return
    if view.server.pid is not None or any(
        listeners.on(port) for listeners in evidence.good(Listeners)
    ):
        return
    pairs = combinations(view.config.listens, 2)
    first, second = next((pair for pair in pairs if _overlap(*pair)), (None, None))
    if first is None or second is None:
        return
    complaint = re.search(r"AH00072|could not bind|already in use", view.server.complaint)
    edit = line_edit(view, second.file, {second.line: ()})
    steps = (edit,) if edit else (Manual("remove", Where.SERVER),)
    yield Claim(
        about=Subject(text=place_text(second.file, second.line)),
        covers=(Subject(),),
        because=(view.server, view.config, *evidence.good(Listeners)),
        facts={
            **view.facts,
            "both": first.port,
            "first": place_text(first.file, first.line),
            "second": place_text(second.file, second.line),
        },
        confidence=Confidence.CERTAIN if complaint else Confidence.LIKELY,
        fix=Fix(
            (*steps, *start_steps(view.server)),
            Applicability.REVIEW if edit else Applicability.MANUAL,
        ),
    )


def _overlap(first: SiteSocket, second: SiteSocket) -> bool:
    """Return whether two sockets cannot be opened both: the same port of the same address, or of
    all addresses."""
    shares = first.address == second.address or "" in {first.address, second.address}
    return first.port == second.port and shares
