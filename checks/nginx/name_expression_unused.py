"""Two server blocks have a name for the host, and the one that was meant is weaker: nginx takes a
wildcard (`*.example.com`) before every regular expression, and of regular expressions the first one
(ngx_http_core_module, "server_name").

The other block may be meant to answer. So it counts only where that one has no page for the target,
or where the user says that another site comes, or that a change has no effect.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, SelectedServer, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.beaten_names import BeatenName, beaten_names
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import replace_directive

#: Statuses of a path that the answering block does not have.
_UNKNOWN = {403, 404, 410}
_TOLD = {"wrong-site", "not-loaded"}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.answer-says-why",
        "http.not-the-site",
        "http.page-refused",
        "http.redirect-wrong-host",
        "nginx.own-answer",
        "nginx.rule-refuses",
        "nginx.target-not-found",
        "upstream.other-application",
        "upstream.own-answer",
        "upstream.wrong-path",
        "websocket.*",
    ],
)
def name_expression_unused(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    pages = page_exchanges(evidence)
    if nginx.is_refused or nginx.is_idle or is_address(target.host) or not pages:
        return
    if not all(_is_other(evidence, page) for page in pages):
        return
    for selected in nginx.answering_servers():
        beaten = list(beaten_names(selected.socket, target.host))
        if len({id(each.server.block) for each in beaten}) == 1:
            yield _claim(nginx, selected, beaten[0], pages)
            return


def _is_other(evidence: Evidence, page: Exchange) -> bool:
    symptom = evidence.target.symptom
    is_told = symptom is not None and symptom.kind in _TOLD
    return page.status in _UNKNOWN or (is_told and 200 <= (page.status or 0) < 400)


def _claim(
    nginx: Nginx, selected: SelectedServer, beaten: BeatenName, pages: tuple[Exchange, ...]
) -> Claim:
    target = nginx.evidence.target
    own, other = beaten.server.block, selected.server.block
    return Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(Subject(port=target.port), Subject(port=target.port, path=target.path)),
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY,
        facts={
            "name": target.host,
            "written": beaten.name,
            "own": file_line(own),
            "winner": beaten.winner,
            "other": file_line(other),
            "status": pages[0].status or "",
            "wildcard": not beaten.winner.startswith("~"),
            "groups": beaten.uses_groups,
        },
        location=nginx.location(own),
        fix=_fix(nginx, beaten),
    )


def _fix(nginx: Nginx, beaten: BeatenName) -> Fix:
    """Write the name itself: nothing comes before an exact name. A block that uses a group of its
    expression would lose it so."""
    host = nginx.evidence.target.host
    lines = children(beaten.server.block, "server_name")
    line = next((each for each in lines if beaten.name in map(str.lower, each.args)), None)
    line = line or next((each for each in lines if beaten.name in each.args), None)
    edit = None
    if (
        line is not None
        and not beaten.uses_groups
        and not any(set(a) & set("{};\"' ") for a in line.args)
    ):
        written = f"server_name {' '.join((host, *line.args))};"
        edit = config_edit(nginx, line.file, replace_directive(line, written))
    if edit is None:
        step = Manual("name-it", Where.SERVER)
        return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
