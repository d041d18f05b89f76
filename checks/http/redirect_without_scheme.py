"""The redirect names a host and no scheme: `Location: www.example.com/shop`. That is a path for a
browser (RFC 3986 section 4.2, "relative-path reference"): it asks this site for
`/www.example.com/shop`. nginx, HAProxy and Caddy send the words of their line as they are.
"""

import re
from collections.abc import Iterator

from checks.http import _redirect_edits, _redirects, endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from checks.server import line_edit, place_text, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.hostnames import is_host
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import is_related_host

#: A name with a dot, perhaps a port, and then the end or a path.
_NAME = re.compile(r"([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})(:[0-9]{1,5})?(?=[/?]|$)")
#: How the names of pages end, in lower case; none is a top-level domain that anybody redirects to.
_PAGES = {"html", "htm", "xhtml", "php", "asp", "aspx", "jsp", "jsf", "do", "cgi", "action", "json"}
#: The words with which a line redirects (HAProxy, Caddy).
_REDIRECTS = re.compile(r"\s*(?:http-request\s+)?redir(?:ect)?\s")
#: The name of the request there: `%[hdr(host)]` or `%[req.hdr(Host),lower]`, and `{host}`.
_OWN_NAME = re.compile(
    r"%\[(?:req\.)?hdr\(host\)(?:,lower)?\]|\{(?:http\.request\.)?host(?:port)?\}", re.IGNORECASE
)


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    needs_fault=[Exchange],
    explains=[
        "http.redirect-loop", "http.redirect-to-error", "http.redirect-wrong-host",
        "http.redirect-leaves-folder", "http.redirect-drops-path", "server.redirect-loop",
    ],
)  # fmt: skip
def redirect_without_scheme(evidence: Evidence) -> Iterator[Claim]:
    answers = [
        answer
        for answer in evidence.good(Exchange)
        if answer.purpose in {"target", "plain"}
        if redirect_target(answer) is not None and _named_host(answer, evidence.target.host)
    ]
    if not answers:
        return
    first = answers[0]
    location, host = first.header("Location") or "", _named_host(first, evidence.target.host)
    subjects = endpoint_subjects(answers)
    place, fix = _line(evidence, first, host)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(answers),
        # A folder may be called like a host.
        confidence=Confidence.CERTAIN
        if is_related_host(host, evidence.target.host.lower())
        else Confidence.LIKELY,
        facts={
            "url": first.url,
            "status": first.status or "",
            "location": clean(location, 200),
            "onward": clean(redirect_target(first) or "", 300),
            "wanted": f"https://{clean(location, 200)}",
            "host": host,
            "place": place,
        },
        fix=fix,
    )


def _named_host(answer: Exchange, own_host: str) -> str:
    """Return the host with which a Location begins that has no scheme, in lower case; "" if it
    begins otherwise. One that has nothing to do with the site's needs three labels: the name of a
    page has two."""
    match = _NAME.match((answer.header("Location") or "").strip())
    host = match[1].lower() if match else ""
    labels = host.split(".")
    is_name = is_host(host) and labels[-1].isalpha() and labels[-1] not in _PAGES
    is_related = is_related_host(host, own_host.lower())
    return host if is_name and (is_related or len(labels) > 2) else ""


def _line(evidence: Evidence, answer: Exchange, host: str) -> tuple[str, Fix]:
    """Return the place of the line that redirects so ("" if it is not known), and the fix."""
    nginx, by_hand = Nginx.of(evidence), _redirect_edits.by_hand("write-the-scheme")
    redirect = next(
        (
            redirect
            for _, server, _ in _redirects.selected_servers(nginx, answer)
            for redirect in _redirects.own_redirects(server, evidence.target.path)
            if redirect.target.lower().startswith(host)
        ),
        None,
    )
    if redirect is not None:
        changes: Changes = {}
        _redirect_edits.replace_target(redirect, f"https://{redirect.target}", changes)
        fix = _redirect_edits.fix(nginx, changes, "write-the-scheme", sure=False)
        return file_line(redirect.directive), fix
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return "", by_hand
    lines = [
        (file.path, number, text, start)
        for file in view.config.files
        for number, text in enumerate(file.text.split("\n"), 1)
        if _REDIRECTS.match(text)
        for start in _starts(text, host, evidence.target.host)
    ]
    if len(lines) != 1:
        return "", by_hand
    path, number, text, start = lines[0]
    edit = line_edit(view, path, {number: (f"{text[:start]}https://{text[start:]}",)})
    if edit is None:
        return place_text(path, number), by_hand
    return place_text(path, number), Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _starts(text: str, host: str, own_host: str) -> Iterator[int]:
    """Yield where a word of a line begins that is this host, or becomes it for the own name. What
    a condition compares is no target."""
    text = re.split(r"\s(?:if|unless)\s", text, maxsplit=1)[0]
    begins = re.compile(rf"{re.escape(host)}(?:[:/?\s%{{]|$)", re.IGNORECASE)
    for word in re.finditer(r"(?<=\s)\S{1,400}", text):
        if begins.match(_OWN_NAME.sub(lambda _: own_host, word[0])):
            yield word.start()
