"""Apache gives no request to any member of a balancer: each has a status that takes it out
(`BalancerMember … status=+D`: disabled, stopped, in error, draining), or takes no connection.
Apache answers 503, in the log AH01170 (mod_proxy_balancer, "status").

A member that is out by its line and answers when it is asked directly is the proof: the line alone
keeps visitors from it.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit, MemberAnswer
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig

#: What a member's line says of its status: letters after "+" or nothing set, those after "-" unset.
_STATUS = re.compile(r"(?i)\s+status=[\"']?([A-Z+-]{1,20})[\"']?(?=\s|$)")
#: Letters by which a member gets no new visitor: disabled, stopped, in error, draining, failed at
#: its health check (mod_proxy, "BalancerMember").
_OUT = frozenset("DSENC")
_SECTION = re.compile(r"(?i)\s*<Proxy\s+[\"']?balancer://([\w.-]{1,100})/?[\"']?\s*>")
_END = re.compile(r"(?i)\s*</Proxy>")
_MEMBER = re.compile(
    r"(?i)\s*BalancerMember\s+(?:[\"']?balancer://(?P<balancer>[\w.-]{1,100})/?[\"']?\s+)?[\"']?"
    r"[a-z0-9]{1,10}://(?P<authority>[^\s/\"']{1,260})[^\s\"']{0,300}[\"']?(?P<rest>(?:\s.*)?)$"
)


@frozen
class _Member:
    """A line `BalancerMember`: its host and port, and the letters of its status."""

    authority: str
    letters: str
    text: str
    file: str
    line: int

    @property
    def is_out(self) -> bool:
        return bool(_OUT & set(self.letters))


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.server-error",
        "server.application-answers",
        "server.application-down",
        "server.backend-not-reached",
        "server.members-differ",
        "server.other-requests-failed",
        "server.own-answer",
        "server.request-failed",
        "server.request-logged",
    ],
)
def apache_members_out(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    pages = pages_with_status(evidence, 503)
    route = route_to_application(view) if pages else None
    name = _balancer(route) if route else ""
    if route is None or not name:
        return
    members = list(_members(view, name))
    out = [member for member in members if member.is_out]
    refused = {a.member for a in evidence.of(MemberAnswer) if a.connected is False}
    others = [member for member in members if not member.is_out]
    # A member in service that takes connections gets the visitors.
    if not out or any(member.authority not in refused for member in others):
        return
    answers = _answers(evidence, route, out)
    good = [member for member in out if member.authority in answers]
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port, path=target.path), Subject(port=target.port)),
        because=(*answers.values(), *_refusals(evidence, others), *pages, view.server, view.config),
        facts={
            **view.facts,
            "path": route.path,
            "balancer": name,
            "members": tuple(f"{member.authority} (status={member.letters})" for member in out),
            "good": tuple(member.authority for member in good),
            "refused": tuple(member.authority for member in others),
            "places": tuple(place_text(member.file, member.line) for member in out),
            "flags": "".join(dict.fromkeys("".join(member.letters for member in out))),
            "status": pages[0].status,
        },
        # A reload may not have happened yet.
        confidence=Confidence.CERTAIN
        if good and view.config.loaded is not False
        else Confidence.LIKELY,
        fix=_fix(view, good),
    )


def _balancer(route: SiteRoute) -> str:
    match = re.match(r"balancer://([\w.-]{1,100})", route.target)
    return match[1] if match else ""


def _members(view: ServerView, name: str) -> Iterator[_Member]:
    """Yield the lines with the members of a balancer, in its section or outside of one."""
    for file in view.config.files if view.config else ():
        section = ""
        for number, text in enumerate(file_rows(view, file), 1):
            if start := _SECTION.match(text):
                section = start[1]
            elif _END.match(text):
                section = ""
            elif (match := _MEMBER.match(text)) and (match["balancer"] or section) == name:
                letters = _letters(match["rest"])
                yield _Member(match["authority"], letters, text, file.path, number)


def _letters(rest: str) -> str:
    """Return the letters that a line sets, in their order."""
    letters: dict[str, None] = {}
    sets = True
    status = _STATUS.search(rest)
    for letter in status[1].upper() if status else "":
        if letter in "+-":
            sets = letter == "+"
        elif sets:
            letters[letter] = None
        else:
            letters.pop(letter, None)
    return "".join(letters)


def _answers(
    evidence: Evidence, route: SiteRoute, members: Sequence[_Member]
) -> dict[str, MemberAnswer | BackendVisit]:
    """Return the good answers of members that were asked directly. Of a balancer with one member
    that is the visit of its application."""
    names = {member.authority for member in members}
    answers: dict[str, MemberAnswer | BackendVisit] = {
        answer.member: answer
        for answer in evidence.of(MemberAnswer)
        if answer.member in names and 0 < (answer.status or 0) < 500
    }
    if not answers and len(members) == 1 and len(route.members) == 1:
        for visit in evidence.good(BackendVisit):
            if visit.target == route.target and visit.succeeded and not visit.websocket:
                answers[members[0].authority] = visit
    return answers


def _refusals(evidence: Evidence, members: Sequence[_Member]) -> Iterator[MemberAnswer]:
    names = {member.authority for member in members}
    for answer in evidence.of(MemberAnswer):
        if answer.member in names and answer.connected is False:
            yield answer


def _fix(view: ServerView, good: Sequence[_Member]) -> Fix:
    """Give visitors to the members that answer; somebody may have taken them out on purpose."""
    changes = {member.line: (_STATUS.sub(_without_out, member.text, count=1),) for member in good}
    files = {member.file for member in good}
    edit = line_edit(view, files.pop(), changes) if len(files) == 1 else None
    if edit is None:
        return manual_fix(view, "take-in")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _without_out(match: re.Match[str]) -> str:
    """Return what stays of a status: the other letters, such as those of a spare member."""
    kept = "".join(letter for letter in _letters(match[0]) if letter not in _OUT)
    return f" status=+{kept}" if kept else ""
