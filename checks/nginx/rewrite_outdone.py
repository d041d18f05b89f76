"""A location with a regular expression, mostly that of static files, gets a path before the
location whose `rewrite` makes it (ngx_http_core_module, "location": a matching expression comes
before a prefix without "^~").

PrestaShop writes the address of an image as /42-large_default/name.jpg, and `location /` leads it
to /img/p/4/2/42-large_default.jpg. `location ~* \\.(jpg|png)$ { expires max; }` looks for the file
by the path as it is, and answers 404. The rules were followed on paper, and the file is there.
"""

from collections.abc import Iterator, Mapping

from checks.http import _page_files, endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._expressions import outdone_match
from checks.nginx._location_edits import location_fix
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
from diagnose.model.files import PageFileAccess
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.nginx.rewrites import rewritten
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: A name that no site has: a rule that leads it elsewhere is for every path.
_UNKNOWN = "/no-such-name-here"
_OUTSIDE = ("redirect", "permanent")
#: What closes a location on purpose: its 404 is meant.
_CLOSING = frozenset(
    {"internal", "return", "deny", "auth_basic", "auth_request", "secure_link", "valid_referers"}
)
#: http, server, location: a location of the server block itself.
_DEPTH = 3


@frozen
class _Outdone:
    """The location that gets the request, that with the rule, and the rule."""

    chosen: LocationMatch
    owner: LocationMatch
    rule: Directive
    path: str


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, PageFileAccess, Exchange],
    explains=[
        "http.last-slash", "http.page-file-missing", "http.page-file-type", "nginx.own-answer",
        "nginx.front-controller-missing", "nginx.page-file-not-found", "nginx.target-not-found",
    ],
)  # fmt: skip
def rewrite_outdone(evidence: Evidence) -> Iterator[Claim]:
    accesses = {
        access.url: access
        for access in evidence.good(PageFileAccess)
        if access.mistake == "rewrite"
    }
    nginx = Nginx.of(evidence)
    if not accesses or nginx.is_refused:
        return
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    access = accesses.get(pages[0].url) if pages else None
    outdone = _outdone(nginx, evidence.target.path_without_query) if access else None
    if access and outdone:
        subjects = endpoint_subjects(pages)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, access, *((nginx.config,) if nginx.config else ())),
            location=nginx.location(outdone.chosen.block),
            facts={"page": "", "others": ()} | _facts(outdone, access, pages[0].status),
            fix=_fix(nginx, outdone, access),
        )
        return
    yield from _of_page(nginx, accesses)


def _of_page(nginx: Nginx, accesses: Mapping[str, PageFileAccess]) -> Iterator[Claim]:
    files = [
        (file, outdone)
        for file in _page_files.all_refused_files(nginx.evidence)
        if file.response.url in accesses and (outdone := _outdone(nginx, file.path))
    ]
    if not files:
        return
    first, outdone = files[0]
    urls = [file.response.url for file, other in files if other.rule is outdone.rule]
    access = accesses[urls[0]]
    yield Claim(
        about=_page_files.page_subject(first.page),
        because=(
            *(file.response for file, _ in files),
            *(accesses[url] for url in urls),
            *((nginx.config,) if nginx.config else ()),
        ),
        severity=_page_files.severity(first.page, urls),
        location=nginx.location(outdone.chosen.block),
        facts={"page": first.page.url, "others": tuple(urls[1:])}
        | _facts(outdone, access, first.response.status),
        fix=_fix(nginx, outdone, access),
    )


def _outdone(nginx: Nginx, path: str) -> _Outdone | None:
    """Return what the path meets, and what it misses, in the first block where it is so."""
    owner = outdone_match(nginx, path)
    rules = rewritten(owner, path) if owner else None
    chosen = next(nginx.location_matches(path), None)
    if owner is None or chosen is None or rules is None or not rules.applied:
        return None
    if any(each.name in _CLOSING for each in walk((chosen.block,))):
        return None
    return _Outdone(chosen, owner, rules.applied[-1], path)


def _facts(outdone: _Outdone, access: PageFileAccess, status: int | None) -> dict[str, object]:
    passing = pass_directive_of(outdone.chosen)
    return {
        "file": access.url,
        "status": status,
        "expression": " ".join(outdone.chosen.block.args),
        "expression_place": file_line(outdone.chosen.block),
        "prefix": outdone.owner.block.args[-1],
        "rule": outdone.rule.text,
        "rule_place": file_line(outdone.rule),
        "elsewhere": access.elsewhere,
        "application": passing.args[0] if passing else "",
        "path": "" if passing else access.path,
    }


def _fix(nginx: Nginx, outdone: _Outdone, access: PageFileAccess) -> Fix:
    """Copy the rules for single paths into the location that answers. One for every path counts
    there only for what is no file: files that come today have their own names."""
    manual = Fix((Manual("copy-the-rules", Where.SERVER),), Applicability.MANUAL)
    file = nginx.file(outdone.chosen.block)
    if file is None or pass_directive_of(outdone.chosen) or len(outdone.chosen.blocks) != _DEPTH:
        return manual
    if not _leads_to_file(nginx, outdone, access):
        return manual
    rules = [rule for rule in children(outdone.owner.block, "rewrite") if _is_of_paths(rule)]
    if outdone.rule in rules:
        lines = [line for rule in rules if (line := _written(nginx, rule))]
    else:
        line = _written(nginx, outdone.rule)
        lines = ["if (!-f $request_filename) {", f"    {line}", "}"] if line else []
    change = edits.insert_first(file.text, outdone.chosen.block, lines)
    file_edits = config_edits(nginx, {file.path: [change]}) if lines else ()
    return location_fix(nginx, outdone.chosen, file_edits, sure=False) if file_edits else manual


def _leads_to_file(nginx: Nginx, outdone: _Outdone, access: PageFileAccess) -> bool:
    """Return whether the copied rule leads to the file: it must not meet its own path again, and
    `break` stays in the location, with the folder of that."""
    made = rewritten(outdone.owner, outdone.path)
    if not made.searches:
        served = served_file(outdone.chosen, made.path, start=nginx.start_folder)
        return served is not None and served.path == access.elsewhere
    pattern = outdone.rule.args[0]
    return is_supported_pcre(pattern) and pcre_search(pattern, made.path, False) is None


def _is_of_paths(rule: Directive) -> bool:
    """Return whether a rule leads single paths elsewhere inside of nginx."""
    if len(rule.args) < 2 or rule.args[-1] in _OUTSIDE or "://" in rule.args[1]:
        return False
    pattern = rule.args[0]
    return is_supported_pcre(pattern) and not any(
        pcre_search(pattern, f"{_UNKNOWN}{ending}", False) for ending in ("", ".jpg", ".css")
    )


def _written(nginx: Nginx, rule: Directive) -> str:
    file = nginx.file(rule)
    return edits.one_line(file.text, rule) if file else ""
