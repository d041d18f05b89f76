"""A rule of HAProxy chooses a backend by a name that is almost the target's, or is written so that
no request has it: as a URL, with capitals where the case is compared, or with a comma behind it.

It is in an ACL, a rule, or a row of a map. No rule takes the name itself, so that it gets what is
left: an error, or in mode tcp the certificate of another site.
"""

import re
from collections.abc import Iterator

from checks.server import ServerView, line_edit, line_text, manual_fix, place_text, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, with_word
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, error_pages
from diagnose.model.tls import Handshake, served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import rules_of
from diagnose.parsers.haproxy.dynamic_backends import dynamic_backend
from diagnose.parsers.haproxy.view import refusals
from diagnose.parsers.hostnames import covers
from diagnose.parsers.misspellings import closest_misspelling
from diagnose.parsers.web_sites import name_matches

_URL = re.compile(r"https?://([^/:]{1,253})(?::[0-9]{1,5})?/?")
#: A name with what other formats write between a key and its value.
_SEPARATED = re.compile(r"([\w.-]{1,253})(?:[,;=]|:(?![0-9]))([\w.-]{0,200})")


@frozen
class _Name:
    """A name that a rule compares, as it is written, and where. `is_row` is True for a row of a
    map, `ignore_case` if the case of its letters is not compared ("-i"), and `is_end` if it is
    compared with the end of the name ("hdr_end", "-m end")."""

    text: str
    file: str
    line: int
    is_row: bool = False
    ignore_case: bool = False
    is_end: bool = False

    @property
    def host_name(self) -> str:
        """The name itself, in small letters as browsers send it."""
        if self.is_end:
            return self.text.removeprefix(".").lower()
        match = _URL.fullmatch(self.text) or _SEPARATED.fullmatch(self.text)
        return (match[1] if match else self.text).lower()

    @property
    def flaw(self) -> str:
        """Why no request has the name as it is written, as the facts call it; "" if it may be."""
        if self.is_end:
            return "below" if self.text.startswith(".") else ""
        if _URL.fullmatch(self.text):
            return "is_url"
        if _SEPARATED.fullmatch(self.text):
            return "separated"
        is_cased = self.text != self.text.lower() and not self.ignore_case
        return "capitals" if is_cased else ""


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "certificate.name-mismatch",
        "http.server-error",
        "server.application-answers",
        "server.application-down",
        "server.haproxy-no-backend",
        "server.haproxy-rule-refuses",
        "server.own-answer",
        "server.haproxy-other-backend",
        "server.wrong-site",
        "tls.closed",
    ],
)
def haproxy_name_misspelt(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    visits = _visits(haproxy) if haproxy else ()
    if haproxy is None or not visits:
        return
    names = tuple(_names(haproxy))
    own = [name for name in names if name_matches(name.host_name, target.host)]
    if any(not name.flaw for name in own):
        return
    closest = closest_misspelling((name.text for name in names), target.host)
    wrong = own or [name for name in names if name.text == closest]
    if not wrong:
        return
    yield Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(
            Subject(port=target.port),
            Subject(port=target.port, path=target.path),
            *(cert.subject for cert in served_certificates(evidence)),
        ),
        because=(haproxy.view.server, *visits),
        facts={
            **haproxy.view.facts,
            "written": wrong[0].text,
            "place": place_text(wrong[0].file, wrong[0].line),
            **{
                flaw: wrong[0].flaw == flaw for flaw in ("is_url", "separated", "capitals", "below")
            },
            "is_row": wrong[0].is_row,
            "frontend": haproxy.proxies.frontend.name,
        },
        confidence=Confidence.LIKELY,
        fix=_fix(haproxy.view, wrong[0], target.host),
    )


def _visits(haproxy: HaproxyView) -> tuple[Exchange | Handshake, ...]:
    """Return what visitors get that is no answer of their site: errors, or in mode tcp a
    certificate of another name."""
    evidence, proxies = haproxy.view.evidence, haproxy.proxies
    target, host = evidence.target, evidence.target.host
    if proxies.frontend.mode == "http":
        # A site may well have no page at a path; at its start page it has one.
        is_left = proxies.selection is None or refusals(proxies, target, target.path)
        is_asked = is_left or not target.path.strip("/")
        return tuple(error_pages(evidence)) if proxies.is_decided and is_asked else ()
    return tuple(
        visit
        for served in served_certificates(evidence)
        if not covers(host, served.leaf.dns_names, served.leaf.addresses)
        for visit in served.handshakes
        if visit.port == evidence.target.port
    ) or _ended(evidence)


def _ended(evidence: Evidence) -> tuple[Handshake, ...]:
    """Return the handshakes with the target if all of them were ended without an answer: what is
    left to the name may be nobody."""
    tries = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == evidence.target.port and handshake.variant == "normal"
    ]
    are_ended = all(each.failure and each.failure.kind in {"closed", "reset"} for each in tries)
    return tuple(tries) if are_ended else ()


def _names(haproxy: HaproxyView) -> Iterator[_Name]:
    """Yield the names by which the rules of the frontend choose a backend, as they are written."""
    frontend = haproxy.proxies.frontend
    methods = {
        value: criterion.method
        for rule in rules_of(frontend)
        if rule.line.keyword == "use_backend"
        for term in rule.alternatives
        for literal in term
        for criterion in literal.criteria
        if criterion.subject in {"host", "sni"} and criterion.method in {"str", "end"}
        for value in criterion.values
    }
    for line in (*frontend.own("acl"), *frontend.own("use_backend")):
        is_any_case = "-i" in line.words
        yield from (
            _Name(word, line.file, line.number, False, is_any_case, methods[word] == "end")
            for word in line.words[2:]
            if word in methods
        )
        dynamic = dynamic_backend(line)
        rows = frontend.maps.get(dynamic.file) if dynamic and dynamic.method == "str" else None
        for number, row in enumerate((rows or "").split("\n")[:3000], 1):
            key = "".join(row.split(None, 1)[:1])
            if dynamic and key and not key.startswith("#"):
                yield _Name(key, dynamic.file, number, True)


def _fix(view: ServerView, name: _Name, host: str) -> Fix:
    edit = _edit(view, name, host)
    if edit is None:
        return manual_fix(view, "write-the-name")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _edit(view: ServerView, name: _Name, host: str) -> Edit | None:
    own = line_text(view, name.file, name.line)
    row = _SEPARATED.fullmatch(name.text) if name.is_row else None
    right = f"{host} {row[2]}" if row and row[2] else host
    if name.flaw == "below":
        right = f"{name.text} {host}"
    changed = with_word(own, name.text, right)
    return line_edit(view, name.file, {name.line: (changed,)}) if changed else None
