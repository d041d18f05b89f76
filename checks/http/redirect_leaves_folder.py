"""An application in a sub-folder redirects to its own root, where another location answers 404, or
answers in its place with a page of its own (index.html of a single-page application).

nginx cuts the location's prefix off (`proxy_pass` with a path, or `rewrite … break`), so the
application does not know of it, and its `Location: /login` lacks it. nginx puts it back only where
`proxy_redirect` says so: its default knows the application's own URL and no paths
(ngx_http_proxy_module, "proxy_redirect"). That heals redirects alone: the links in its pages lack
the prefix too. Where the application is known and has a setting for that, it comes first.

The proof is the page itself: it is there below the folder, and a path that no site has is not.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._filter_lines import filter_lines, redirect_lines
from checks.http._folders import below_folder, cut_prefix, prefix_line, served_folder
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
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.base_path_references import openings_in
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url, path_of

_DIRECTIVE = "proxy_redirect"


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    # The message that the application gives for it means the same setting.
    explains=["http.redirect-to-error", "http.application-setting"],
)
def redirect_leaves_folder(evidence: Evidence) -> Iterator[Claim]:
    for page, missing in _own_redirects(evidence):
        cut = _cut_folder(evidence, page, missing)
        served = below_folder(evidence, missing)
        if cut is None or (served is not None and served.status != 200):
            continue
        is_proven = served is not None and served_folder(evidence, missing) == cut.prefix
        is_elsewhere = missing.status == 404 or is_proven
        if is_elsewhere or _is_same_path(path_of(page.url), cut.prefix, path_of(missing.url)):
            yield _claim(evidence, page, missing, cut, served if is_proven else None)
            return


@frozen
class _Folder:
    """A prefix that the redirect lacks, "/app/", its location, and the directive that cuts it
    off."""

    prefix: str
    match: LocationMatch
    directive: Directive


def _cut_folder(evidence: Evidence, page: Exchange, missing: Exchange) -> _Folder | None:
    """Return the folder that nginx cuts off the path of a page, and out of which it redirects."""
    match = next(iter(Nginx.of(evidence).location_matches(path_of(page.url))), None)
    prefix, directive = cut_prefix(evidence, match) if match else ("", None)
    if match is None or directive is None or path_of(missing.url).startswith(prefix):
        return None
    return _Folder(prefix, match, directive)


def _claim(
    evidence: Evidence, page: Exchange, missing: Exchange, cut: _Folder, served: Exchange | None
) -> Claim:
    from checks.http._known_application import own_setting

    nginx, match, directive = Nginx.of(evidence), cut.match, cut.directive
    subjects, own = endpoint_subjects((page,)), own_setting(evidence, "base_path", "public_url")
    by_nginx = (nginx.config,) if nginx.config else ()
    answer = below_folder(evidence, missing)
    references = openings_in(answer.body) if answer and answer.status == 200 else ()
    manual = Fix((Manual("tell-the-base-path", Where.APPLICATION),), Applicability.MANUAL)
    from checks.upstream._own_remedy import with_own_remedy

    claim = Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, *_application(evidence, str(own["known"]))),
        because=(page, missing, *((served,) if served else ()), *by_nginx),
        confidence=Confidence.CERTAIN if served else Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": page.url,
            "onward": missing.url,
            "status": missing.status,
            "missing": missing.status == 404,
            "prefix": cut.prefix,
            "right": f"{cut.prefix.rstrip('/')}{path_of(missing.url)}",
            "proven": served is not None,
            "filters": bool(filter_lines(nginx, match, references, cut.prefix, {})),
            "target": directive.text,
            "place": file_line(directive),
            "location": match.block.text,
            "line": prefix_line(evidence, cut.prefix, page.header("Location") or ""),
            "address": f"{evidence.target.origin}{cut.prefix}",
            **own,
        },
        fix=manual
        if own["setting"]
        else _fix(nginx, cut, page.header("Location") or "", references),
    )
    return with_own_remedy(evidence, claim, "base_path", "public_url", only_read=True)


def _application(evidence: Evidence, name: str) -> tuple[Subject, ...]:
    return (Subject(port=evidence.target.port, text=name),) if name else ()


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


def _fix(nginx: Nginx, cut: _Folder, redirect: str, references: tuple[str, ...]) -> Fix:
    """Put the prefix before the paths of redirects, and before the addresses in the page to which
    this one leads."""
    changes: Changes = {}
    match, own = cut.match, children(cut.match.block, _DIRECTIVE)
    lines = redirect_lines(nginx, match, cut.prefix, redirect)
    if len(own) == 1 and own[0].args in {("off",), ("default",)}:
        changes[own[0].file] = [edits.replace_directive(own[0], "\n    ".join(lines))]
        lines = []
    elif own:
        return Fix((Manual("put-it-back", Where.SERVER),), Applicability.MANUAL)
    filters = filter_lines(nginx, match, references, cut.prefix.rstrip("/"), changes)
    insert_lines(nginx, match, [*lines, *filters], changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("put-it-back", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
