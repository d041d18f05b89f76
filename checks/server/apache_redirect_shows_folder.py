"""A redirect of Apache leads to a path of the disk, as https://shop.example.com/var/www/shop/new/:
a RewriteRule of an .htaccess has the flag R and a target without a slash before it. Apache puts the
folder of the .htaccess before such a target (mod_rewrite, "RewriteBase").
"""

import re
from collections.abc import Iterator

from checks.server import ServerView, file_rows, line_edit, place_text, server_on_port
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import takes

_RULE = re.compile(
    r"(?i)(\s*RewriteRule\s+\S{1,500}\s+\"?)([\w.-][\w./$%{}-]{0,300})(\"?\s+\[[^\]]*\bR\b[^\]]*\]\s*)"
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["http.redirect-to-error", "http.redirect-leaves-folder", "http.redirect-loop"],
)
def apache_redirect_shows_folder(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    for answer in evidence.good(Exchange):
        root = _folder_in(view, answer) if answer.is_page_of(evidence.target) else ""
        if root and not _is_there(evidence, redirect_target(answer) or ""):
            yield _claim(view, answer, root)
            return


def _is_there(evidence: Evidence, url: str) -> bool:
    """Return whether visitors get a page at a URL: the folder is a path of the site as well."""
    return any(
        answer.url == url and answer.status is not None and answer.status < 400
        for answer in evidence.good(Exchange)
    )


def _folder_in(view: ServerView, answer: Exchange) -> str:
    """Return the folder of the site with which the path of a redirect begins; "" if it does not."""
    onward, own = parse_url(redirect_target(answer) or ""), parse_url(answer.url)
    if onward is None or own is None or onward.host != own.host:
        return ""
    for site in view.answering_sites:
        root = site.root.rstrip("/")
        # A folder such as /srv may be a path of the site as well.
        if root.count("/") > 1 and takes(root, onward.path) and not takes(root, own.path):
            return root
    return ""


@frozen
class _Rule:
    """The rule that redirects: its number in the .htaccess, and the line in its place."""

    number: int
    text: str
    corrected: str


def _rule(view: ServerView, path: str, inner: str) -> _Rule | None:
    """Return the only rule of an .htaccess that redirects to a path below its folder without a
    slash before it; None if there is none, or more than one."""
    file = view.config.file(path) if view.config else None
    rules = []
    for number, line in enumerate(file_rows(view, file) if file else (), 1):
        match = _RULE.fullmatch(line)
        fixed = re.split(r"[$%{]", match[2], maxsplit=1)[0] if match else ""
        if match and inner.startswith(fixed):
            rules.append(_Rule(number, line.strip(), f"{match[1]}/{match[2]}{match[3]}"))
    return rules[0] if len(rules) == 1 else None


def _claim(view: ServerView, answer: Exchange, root: str) -> Claim:
    target, file = view.evidence.target, f"{root}/.htaccess"
    onward = parse_url(redirect_target(answer) or "")
    inner = onward.path.removeprefix(f"{root}/") if onward else ""
    rule = _rule(view, file, inner)
    edit = line_edit(view, file, {rule.number: (rule.corrected,)}) if rule else None
    return Claim(
        about=Subject(port=target.port, path=target.path_without_query),
        covers=(Subject(port=target.port),),
        because=(answer, view.server, *([view.config] if view.config else [])),
        confidence=Confidence.CERTAIN if rule else Confidence.LIKELY,
        facts={
            **view.facts,
            "url": answer.url,
            "location": redirect_target(answer),
            "folder": root,
            "rule": rule.text if rule else "",
            "place": place_text(file, rule.number) if rule else file,
        },
        # An .htaccess counts at once.
        fix=Fix((edit,), Applicability.REVIEW)
        if edit
        else Fix((Manual("write-the-slash", Where.SERVER),), Applicability.MANUAL),
    )
