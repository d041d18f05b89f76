"""Observe other pages of the site than the target's, which probes had diagnosed later
(`FurtherRequests.diagnose_later`): each by a run of its own inside the target's run."""

import shlex
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.checking.conclusion import conclude
from diagnose.checking.verdicts import verdict
from diagnose.model import Finding, Severity, Unseen, Vantage
from diagnose.model.http import Exchange
from diagnose.model.other_requests import OtherRequest, other_target
from diagnose.net.deadline import LateError, deadline
from diagnose.parsers.cors_messages import HEADERS_FIELD, METHOD_FIELD
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes.further_requests import RESERVE, VISITORS_LOGS

if TYPE_CHECKING:
    from diagnose.engine import Run

#: Maximum number of other pages, and with how many seconds left none is begun.
MAX_PAGES, MIN_SECONDS = 3, 2.0
#: Kinds of messages about a sign-in that does not last, or that leads to a wrong address.
_SIGN_IN = frozenset({"cookie", "csrf", "login", "wrong-address"})
#: The kind of messages about a file that a page loads.
_FILES = "page-files"


async def observe_others(current_run: "Run") -> None:
    """Emit what is observed of other pages, unless the target itself does not work: then that is
    the fault to name. What is not finished in time is left out, and said to be unknown: the target
    was judged without it."""
    others = (*_of_message(current_run), *current_run.further_requests.other_pages)
    if not others:
        return
    report = conclude(current_run.evidence(), current_run.options.ignores)
    if verdict(report).status == "critical" and any(map(_stops, verdict(report).causes)):
        return
    for request in others[:MAX_PAGES]:
        if not await _is_finished(current_run, request):
            _report_unfinished(current_run, request)
            return


async def _is_finished(current_run: "Run", request: OtherRequest) -> bool:
    """Emit what is observed of another page, and return whether there was time for it."""
    at = current_run.elapsed()
    seconds = current_run.options.timeout - RESERVE - at
    if seconds < MIN_SECONDS:
        return False
    page_run = _run_for(current_run, request)
    with suppress(TimeoutError, LateError):
        async with deadline(seconds):
            await _observe(page_run)
        observations = tuple(page_run.observations)
        current_run.emit(replace(request, at=at, observations=observations))
        return True
    return False


def _report_unfinished(current_run: "Run", request: OtherRequest) -> None:
    """Report that what visitors met there is not known, and how to ask for it."""
    url = other_target(current_run.target, request.path, request.elsewhere).url
    current_run.emit(
        Unseen(
            vantage=Vantage.SERVER,
            at=current_run.elapsed(),
            what=f"the requests at {url}",
            why="the time of this run was over",
            enable=shlex.join(("diagnose", url)),
        )
    )


def _stops(cause: Finding) -> bool:
    """Return whether a cause is the fault to name. Why a file of the page does not come, the run
    for that file tells."""
    return cause.severity is Severity.ERROR and cause.check.id != "http.page-file-missing"


def _of_message(current_run: "Run") -> tuple[OtherRequest, ...]:
    """Return the site's front page after a message about a sign-in, which leads there, or about a
    file that a page loads and that does not come: the page may be an old copy."""
    target = current_run.target
    kind = target.symptom.kind if target.symptom else "other"
    if target.is_websocket or target.path_without_query == "/":
        return ()
    if kind not in _SIGN_IN and not (kind == _FILES and _is_file_gone(current_run)):
        return ()
    return (OtherRequest(path="/", source="message", by_browser=True),)


def _is_file_gone(current_run: "Run") -> bool:
    """Return whether the file that a message names is not there, or a page comes in its place."""
    answers = [
        exchange
        for exchange in current_run.evidence().good(Exchange)
        if exchange.is_page_of(current_run.target)
    ]
    return bool(answers) and all(
        (answer.status or 0) in {404, 410}
        or "html" in (answer.header("Content-Type") or "").lower()
        for answer in answers
    )


async def _observe(page_run: "Run") -> None:
    try:
        async with page_run.tasks:
            page_run.start_probes()
    finally:
        page_run.close()


def _run_for(current_run: "Run", request: OtherRequest) -> "Run":
    """Return a run for another page, seen from the same places. It reads no access log, and so
    leads to no further run."""
    target = other_target(current_run.target, request.path, request.elsewhere)
    options = replace(
        current_run.options, vantages=(), origin_address=None, cloud=False, cloud_role=False,
        idle=None, request=_fields(current_run.options.request, request),
    )  # fmt: skip
    page_run = current_run.for_page(target, options)
    for question in VISITORS_LOGS:
        page_run.further_requests.begin(question)
    return page_run


def _fields(fields: RequestFields, request: OtherRequest) -> RequestFields:
    """Return the fields of the run's requests, with what a script of another site's page sends. The
    method that the user asked for is for the target alone: it may change something."""
    asked = replace(fields, method="GET", origin=request.origin or fields.origin)
    if request.elsewhere:
        # What the user gave is for the target's origin, and may be secret.
        asked = RequestFields(origin=request.origin)
    if not request.origin or request.method != "OPTIONS":
        return asked
    # Which method the script wants is not in the log.
    added = [(METHOD_FIELD, request.asks or "GET")]
    if request.fields:
        added.append((HEADERS_FIELD, ",".join(request.fields)))
    return replace(asked, method="OPTIONS", headers=(*asked.headers, *added))
