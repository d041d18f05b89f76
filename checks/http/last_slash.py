"""A page answers 404, and answers with a last slash, or without it: the application has one of the
two as its address (Express with strict routing, Spring 6, Flask), or nginx has a location for one
path alone (`location = /app`, ngx_http_core_module, "location").

A path that no site has answers 404 in the same spelling, so not every path is a page.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from checks.http import endpoint_subjects
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.nginx.edits import insert_last
from diagnose.parsers.nginx.locations import match_location

#: A path that needs no quotes in nginx's configuration.
_PLAIN = re.compile(r"[\w/~-]+", re.ASCII)


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    needs_fault=[Exchange],
    explains=[
        "http.page-refused", "nginx.own-answer", "nginx.front-controller-missing",
        "nginx.target-not-found", "upstream.own-answer",
    ],
)  # fmt: skip
def last_slash(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in evidence.good(Exchange) if page.is_page_of(evidence.target)]
    missing = [page for page in pages if page.status == 404]
    served = _first(evidence, "spelling", 200)
    control = _first(evidence, "unknown", 404)
    if not missing or len(missing) < len(pages) or served is None or control is None:
        return
    path, spelling = urlsplit(missing[0].url).path, urlsplit(served.url).path
    redirect = f"location = {path} {{ return 301 {spelling}$is_args$args; }}"
    subjects = endpoint_subjects(missing)
    # Imported late: few pages have such an address.
    from checks.http._known_application import framework_facts

    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*missing, served, control),
        facts={
            "url": missing[0].url,
            "served": served.url,
            "control": control.url,
            "path": path,
            "slash": path.endswith("/"),
            "redirect": redirect,
            **framework_facts(evidence, "last_slash"),
        },
        fix=_other_fix(evidence, path, spelling) or _fix(Nginx.of(evidence), path, redirect),
    )


def _first(evidence: Evidence, purpose: str, status: int) -> Exchange | None:
    exchanges = (page for page in evidence.good(Exchange) if page.purpose == purpose)
    return next((page for page in exchanges if page.status == status), None)


def _other_fix(evidence: Evidence, path: str, spelling: str) -> Fix | None:
    """Return the redirect of another server than nginx that answers visitors."""
    # Imported late: nginx answers most sites.
    from checks.server import server_on_port
    from checks.server._spelling_redirects import spelling_fix

    view = server_on_port(evidence)
    return spelling_fix(view, path, spelling) if view else None


def _fix(nginx: Nginx, path: str, redirect: str) -> Fix:
    """Redirect to the spelling that answers. Whether both shall be one page, a person knows."""
    manual = Fix((Manual("redirect", Where.SERVER),), Applicability.MANUAL)
    selected = next(iter(nginx.answering_servers()), None)
    file = nginx.file(selected.server.block) if selected else None
    if selected is None or file is None or not _PLAIN.fullmatch(path):
        return manual
    if match_location(selected.server, path).block.args == ("=", path):
        return manual
    change = insert_last(file.text, selected.server.block, [redirect])
    edit = config_edit(nginx, file.path, change)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else manual
