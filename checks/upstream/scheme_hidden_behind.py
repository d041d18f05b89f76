"""After a message about a login or a cookie that is not kept: the block that visitors reach says
https in X-Forwarded-Proto, and a block of the same nginx behind it, or the nginx of a container,
writes its own scheme over it. The application is told http, and programs then send no cookie with
`Secure` (express-session, "cookie.secure"; Rails, Django and others alike).

A login is a POST, which is not sent: that the cookie is missing for this reason is likely where the
message names a cookie, and possible otherwise.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._inner_scheme import InnerScheme, hidden_scheme, pass_scheme_on
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
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page, PageFileResponse

#: Maximum number of paths of the page's data that are followed.
_MAX_PATHS = 12


@check(severity=Severity.WARNING, needs=[NginxConfig], needs_message=True)
def scheme_hidden_behind(evidence: Evidence) -> Iterator[Claim]:
    symptom, nginx = evidence.target.symptom, Nginx.of(evidence)
    if symptom is None or symptom.kind not in {"cookie", "login"}:
        return
    for path in _paths(evidence):
        inner = hidden_scheme(nginx, path)
        if inner is not None and inner.match is not None:
            is_cookie = symptom.kind == "cookie" or "cookie" in symptom.text.lower()
            yield _claim(
                nginx, path, inner, Confidence.LIKELY if is_cookie else Confidence.POSSIBLE
            )
            return


def _paths(evidence: Evidence) -> list[str]:
    """Return the path of the page and those at which its scripts read data and its forms lead."""
    readers: tuple[Page | PageFileResponse, ...]
    readers = (*evidence.good(Page), *evidence.good(PageFileResponse))
    paths = [path for reader in readers for path in reader.data_paths]
    own = evidence.target.path_without_query
    return list(dict.fromkeys((own, *paths)))[:_MAX_PATHS]


def _claim(nginx: Nginx, path: str, inner: InnerScheme, confidence: Confidence) -> Claim:
    changes: Changes = {}
    pass_scheme_on(nginx, inner, changes)
    edits = config_edits(nginx, changes)
    step = Manual("pass-the-scheme-on", Where.SERVER)
    target = nginx.evidence.target
    return Claim(
        about=Subject(port=target.port, path=path, text=file_line(inner.directive)),
        because=(*page_exchanges(nginx.evidence)[:1], *nginx.configs),
        confidence=confidence,
        location=nginx.location(inner.directive),
        facts={
            "path": path,
            "line": inner.directive.text,
            "place": file_line(inner.directive),
            "front": file_line(inner.request.outer.block),
        },
        fix=Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW)
        if edits
        else Fix((step,), Applicability.MANUAL),
    )
