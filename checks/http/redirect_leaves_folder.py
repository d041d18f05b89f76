"""An application in a sub-folder redirects to its own root, where another location answers 404, or
answers in its place with a page of its own (index.html of a single-page application).

nginx cuts the location's prefix off (`proxy_pass` with a path, or `rewrite … break`), so the
application does not know of it, and its `Location: /login` lacks it. nginx puts it back only where
`proxy_redirect` says so: its default knows the application's own URL and no paths
(ngx_http_proxy_module, "proxy_redirect"). That heals redirects alone: the links in its pages lack
the prefix too. Where the application is known and has a setting for that, it comes first.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._folders import cut_prefix
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import insert_lines, location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url

_DIRECTIVE = "proxy_redirect"


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=["http.redirect-to-error"],
)
def redirect_leaves_folder(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for page, missing in _own_redirects(evidence):
        path = _path(page.url)
        match = next(iter(nginx.location_matches(path)), None)
        prefix, directive = cut_prefix(evidence, match) if match else ("", None)
        onward = _path(missing.url)
        if match is None or directive is None or onward.startswith(prefix):
            continue
        if missing.status != 404 and not _is_same_path(path, prefix, onward):
            continue
        from checks.http._known_application import own_setting

        subjects, own = endpoint_subjects((page,)), own_setting(evidence, "base_path", "public_url")
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(page, missing, *([nginx.config] if nginx.config else [])),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "url": page.url,
                "onward": missing.url,
                "status": missing.status,
                "missing": missing.status == 404,
                "prefix": prefix,
                "right": f"{prefix.rstrip('/')}{onward}",
                "target": " ".join((directive.name, *directive.args)),
                "place": file_line(directive),
                "location": " ".join((match.block.name, *match.block.args)),
                "address": f"{evidence.target.origin}{prefix}",
                **own,
            },
            fix=_fix(nginx, match, prefix, page.header("Location") or "")
            if not own["setting"]
            else Fix((Manual("tell-the-base-path", Where.APPLICATION),), Applicability.MANUAL),
        )
        return


def _is_same_path(path: str, prefix: str, onward: str) -> bool:
    """Return whether an application redirects to the very path that it was asked for, with or
    without the slash at its end, and knows nothing of the prefix: whoever meant another page would
    name another."""
    own = path.removeprefix(prefix.rstrip("/"))
    return path.startswith(prefix) and own != onward and own.rstrip("/") == onward.rstrip("/") != ""


def _own_redirects(evidence: Evidence) -> Iterator[tuple[Exchange, Exchange]]:
    """Yield the responses of the site that redirect within it, each with the next response."""
    target = evidence.target
    responses = [page for page in evidence.good(Exchange) if page.status]
    for page in responses:
        onward = redirect_target(page)
        url = parse_url(onward or "")
        if page.port != target.port or url is None or url.host != target.host:
            continue
        for other_response in responses:
            if other_response.redirected_from == page.url:
                yield page, other_response


def _path(text: str) -> str:
    url = parse_url(text)
    return url.path.partition("?")[0] if url else ""


def _fix(nginx: Nginx, match: LocationMatch, prefix: str, redirect: str) -> Fix:
    """Put the prefix before the paths of redirects: before bare ones, and before those that name
    the site where the redirect does."""
    changes: Changes = {}
    own = children(match.block, _DIRECTIVE)
    lines = [f"{_DIRECTIVE} default;", f"{_DIRECTIVE} / {prefix};"]
    if "//" in redirect:
        host = re.escape(nginx.evidence.target.host)
        lines[1] = f"{_DIRECTIVE} ~^https?://{host}(?::[0-9]+)?/(.*)$ {prefix}$1;"
    if len(own) == 1 and own[0].args in {("off",), ("default",)}:
        text = "\n".join((lines[0], f"    {lines[1]}"))
        changes[own[0].file] = [edits.replace_directive(own[0], text)]
    elif not own:
        insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("put-it-back", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
