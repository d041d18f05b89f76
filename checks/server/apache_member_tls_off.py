"""Apache is to speak TLS with one member of a balancer (`BalancerMember https://…`), and no line
`SSLProxyEngine on` lets it: every request that it gives to that member fails with 500, in
the log AH00961 or AH01961 (mod_ssl). The others are answered, so that the page comes at times.

Only a configuration that was read as a whole shows it. With `SSLProxyEngine` a member may well
have TLS while another one has none.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServer, WebServerConfig

_MEMBER = re.compile(
    r"(?i)\s*BalancerMember\s+(?:[\"']?balancer://\S{1,100}\s+)?[\"']?"
    r"(https?|wss?|h2c?)://([^\s/\"']{1,260})"
)
_ENGINE_ON = re.compile(r"(?im)^[ \t]*SSLProxyEngine[ \t]+on\b")
#: The protocols with TLS, and the same ones without.
_PLAIN = {"https": "http", "wss": "ws", "h2": "h2c"}


@frozen
class _Member:
    """A line `BalancerMember`: its protocol, and the host and port as they are written."""

    scheme: str
    authority: str
    file: str
    line: int


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.server-error",
        "server.application-answers",
        "server.members-differ",
        "server.other-requests-failed",
        "server.request-failed",
        "server.request-logged",
    ],
)
def apache_member_tls_off(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    route = route_to_application(view)
    if route is None or route.scheme != "balancer" or route.verify or not view.config.complete:
        return
    if any(_ENGINE_ON.search(file.text) for file in view.config.files):
        return
    own = [member for member in _members(view) if member.authority in route.members]
    with_tls = [member for member in own if member.scheme in _PLAIN]
    others = [member for member in own if member.scheme not in _PLAIN]
    if not with_tls or not others or len(own) != len(route.members):
        return
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port, path=target.path), Subject(port=target.port)),
        because=(view.config, view.server),
        facts={
            **view.facts,
            "path": route.path,
            "balancer": route.host,
            "members": tuple(f"{member.scheme}://{member.authority}" for member in with_tls),
            "others": tuple(f"{member.scheme}://{member.authority}" for member in others),
            "place": place_text(with_tls[0].file, with_tls[0].line),
        },
        # A reload may not have happened yet.
        confidence=Confidence.LIKELY if view.config.loaded is False else Confidence.CERTAIN,
        fix=_fix(view, with_tls),
    )


def _members(view: ServerView) -> list[_Member]:
    """Return the lines with members, where each application has one line alone."""
    members = [
        _Member(match[1].lower(), match[2], file.path, number)
        for file in (view.config.files if view.config else ())
        for number, text in enumerate(file.text.split("\n"), 1)
        if (match := _MEMBER.match(text))
    ]
    names = [member.authority for member in members]
    return [member for member in members if names.count(member.authority) == 1]


def _fix(view: ServerView, members: list[_Member]) -> Fix:
    """Speak with a member of this machine as with the others; whether it knows TLS, a person looks
    at."""
    member = members[0]
    text = line_text(view, member.file, member.line)
    written = re.sub(rf"(?i)\b{member.scheme}://", f"{_PLAIN[member.scheme]}://", text, count=1)
    host = member.authority.rpartition(":")[0].strip("[]")
    is_one = len(members) == 1 and is_local_host(host)
    edit = line_edit(view, member.file, {member.line: (written,)}) if is_one else None
    if edit is None:
        return manual_fix(view, "one-protocol")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
