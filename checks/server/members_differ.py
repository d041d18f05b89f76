"""The members of a group behind Apache, Caddy or HAProxy do not answer alike: one has the page,
another has not. They are asked by turns, so the page fails at times, for some visitors or for every
second request. An answer of the application is passed on, whatever its status.

A member that takes no connection is passed over by Apache and HAProxy, which try the next one;
Caddy does not, unless `lb_try_duration` or `lb_retries` says so.

Each was asked once: a 5xx may be an application that fails now and then on all of them, so that the
difference is likely only.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, file_rows, line_edit, place_text, reload_steps, server_on_port
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import MemberAnswer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.http import MISSING_PAGE

#: The lines that name a member.
_LINES = {
    "apache": re.compile(r"(?i)\s*BalancerMember\s"),
    "caddy": re.compile(r"\s*(?:reverse_proxy|to)\s"),
    "haproxy": re.compile(r"\s*server\s"),
}
#: What takes a member out of its group (mod_proxy, "status"; HAProxy, "disabled").
_OUT = {"apache": " status=+D", "haproxy": " disabled"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, MemberAnswer, Exchange],
    explains=[
        "http.answer-says-why", "http.server-error", "server.application-answers",
        "server.other-requests-failed", "server.own-answer",
        "server.request-logged",
    ],
)  # fmt: skip
def members_differ(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    answers = evidence.of(MemberAnswer)
    failing = [answer for answer in answers if _fails(view, answer)]
    serving = [answer for answer in answers if 0 < (answer.status or 0) < 400]
    if not failing or not serving or _is_down_now(evidence, failing):
        return
    route, places = route_to_application(view), _places(view, failing)
    subject = Subject(port=target.port, path=target.path)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(*failing, *serving, view.server),
        facts={
            **view.facts,
            "path": target.path,
            "failing": tuple(map(_text, failing)),
            "serving": tuple(map(_text, serving)),
            "refused": any(answer.connected is False for answer in failing),
            "place": place_text(*places[0][:2])
            if places
            else place_text(route.file, route.line)
            if route
            else "",
            "command": f"ss -ltnp 'sport = :{failing[0].member.rpartition(':')[2]}'",
        },
        confidence=Confidence.LIKELY
        if all((answer.status or 0) >= 500 for answer in failing)
        else Confidence.CERTAIN,
        fix=_fix(view, places),
    )


def _fails(view: ServerView, answer: MemberAnswer) -> bool:
    if answer.connected is False:
        return view.server.product == "caddy"
    return answer.status in MISSING_PAGE or (answer.status or 0) >= 500


def _is_down_now(evidence: Evidence, failing: Sequence[MemberAnswer]) -> bool:
    """Return whether this run met the member that takes no connection: server.application-down."""
    is_met = any((page.status or 0) >= 500 for page in page_exchanges(evidence))
    return is_met and all(answer.connected is False for answer in failing)


def _text(answer: MemberAnswer) -> str:
    return f"{answer.member} ({answer.status})" if answer.status else answer.member


def _places(
    view: ServerView, failing: Sequence[MemberAnswer]
) -> list[tuple[str, int, str, MemberAnswer]]:
    """Return the lines that name the members: the file, the number, the line and the member; []
    where a member has several, which may be another site's."""
    pattern = _LINES.get(view.server.product)
    places = [
        (file.path, number, text, answer)
        for file in (view.config.files if view.config and pattern else ())
        for number, text in enumerate(file_rows(view, file), 1)
        for answer in failing
        if pattern and pattern.match(text) and _address_pattern(answer.member).search(text)
    ]
    return places if len({answer.member for *_, answer in places}) == len(places) else []


def _address_pattern(member: str) -> re.Pattern[str]:
    own = re.escape(member.replace("127.0.0.1:", "", 1)) if "127.0.0.1:" in member else ""
    place = f"(?:(?:127\\.0\\.0\\.1|localhost)?:{own})" if own else re.escape(member)
    return re.compile(rf"(?<![\w.:\]/-])(?:https?://)?{place}(?![\w.:-])/?")


def _split_comment(view: ServerView, text: str) -> tuple[str, str]:
    """Return a line without its comment, and the comment: Apache has none behind a directive."""
    at = text.find(" #") if view.server.product == "haproxy" else -1
    words = text if at < 0 else text[:at]
    return words.rstrip(), "" if at < 0 else text[at:]


def _fix(view: ServerView, places: Sequence[tuple[str, int, str, MemberAnswer]]) -> Fix:
    """Let a person make the members alike; beside it the edit that leaves out those that fail until
    then."""
    changes: dict[int, tuple[str, ...]] = {}
    for _, number, text, answer in places:
        if out := _OUT.get(view.server.product):
            words, comment = _split_comment(view, text)
            changes[number] = (f"{words}{out}{comment}",)
        else:
            line = re.sub(r"\s+" + _address_pattern(answer.member).pattern, "", text, count=1)
            changes[number] = () if line.strip() == "to" else (line,)
    is_one_file = len({path for path, *_ in places}) == 1 and len(changes) == len(places)
    edit = line_edit(view, places[0][0], changes) if is_one_file else None
    steps = (step for step in reload_steps(view.server) if isinstance(step, Command))
    commands: tuple[Command | Edit, ...] = (edit, *steps) if edit else ()
    step = Manual("make-them-alike", Where.APPLICATION, commands=commands)
    return Fix((step,), Applicability.MANUAL)
