"""A pasted message says that an upload begins at zero again after a pause, or that its progress
jumps to the end and then waits: nginx takes the whole body first, and passes nothing on before
(ngx_http_proxy_module, "proxy_request_buffering"). Of an upload that was stopped the application
has nothing, so that it cannot go on where it was (the tus protocol, "Upload-Offset").
"""

from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

_AGAIN = lazy_pattern(
    r"(?i)\bresum(?:e|es|ed|able|ing|ption)\b|\bUpload-Offset\b|\btus\b|\bpaus(?:e|es|ed|ing)\b"
    r"|(?:starts?|begins?|restarts?) (?:over|again|from (?:0|zero|scratch|the (?:beginning|start)))"
    r"|断点|续传|暂停|从头|(?:重新|再次)(?:上传|开始)|从 ?0 ?(?:%|开始)"
)
_PROGRESS = lazy_pattern(
    r"(?i)progress.{0,60}?(?:100 ?%|jumps?|immediate|instant|at once)"
    r"|进度.{0,20}?(?:100|瞬间|立刻|直接|一下)"
    r"|(?:stuck|hangs?|waits?|stays?|stops?) (?:at|on) (?:99|100) ?%|(?:卡在|停在).{0,4}?(?:99|100)"
)
_MODULES = frozenset({"proxy", "fastcgi", "uwsgi", "scgi"})


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange], needs_message=True)
def request_buffered(evidence: Evidence) -> Iterator[Claim]:
    symptom, nginx = evidence.target.symptom, Nginx.of(evidence)
    pages = [page for page in page_exchanges(evidence) if page.failure is None]
    if symptom is None or symptom.kind != "upload" or not pages:
        return
    is_again = _AGAIN.search(symptom.text) is not None
    if not is_again and not _PROGRESS.search(symptom.text):
        return
    for path in _paths(evidence):
        for match in nginx.location_matches(path):
            passing = pass_directive_of(match)
            module = passing.name.removesuffix("_pass") if passing else ""
            buffering = match.directive(f"{module}_request_buffering")
            if passing is None or module not in _MODULES:
                continue
            if buffering is not None and buffering.args[:1] == ("off",):
                return
            subjects, line = endpoint_subjects(pages), buffering or passing
            yield Claim(
                about=merge_subjects(subjects),
                covers=subjects,
                because=(*pages, *nginx.configs),
                confidence=Confidence.LIKELY,
                location=nginx.location(line),
                facts={
                    "path": path,
                    "setting": f"{module}_request_buffering",
                    "place": file_line(line),
                    "location": match.block.text,
                    "again": is_again,
                },
                fix=_fix(nginx, match, module),
            )
            return


def _paths(evidence: Evidence) -> tuple[str, ...]:
    """Return the paths to which the page sends files, else its own."""
    pages = evidence.good(Page)
    forms = (urlsplit(url).path or "/" for page in pages for url in page.uploads)
    readers: tuple[Page | PageFileResponse, ...] = (*pages, *evidence.good(PageFileResponse))
    sent = (path for reader in readers for path in reader.sent_paths if "upload" in path.lower())
    own = evidence.target.path_without_query
    return tuple(dict.fromkeys(chain(forms, sent, (own,))))[:8]


def _fix(nginx: Nginx, match: LocationMatch, module: str) -> Fix:
    """Pass a body on while it comes. A body in chunks needs HTTP/1.1 for that."""
    values = {f"{module}_request_buffering": "off"}
    if module == "proxy" and match.directive("proxy_http_version") is None:
        values["proxy_http_version"] = "1.1"
    file_edits = setting_edits(nginx, match, values)
    if not file_edits:
        return Fix((Manual("pass-it-on", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
