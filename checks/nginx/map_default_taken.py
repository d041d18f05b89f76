"""nginx chooses the application by a `map` of names, the visitor's name is not in it, and the
default leads to another application (ngx_http_map_module, "map": "default").

The default may be meant for the name. So it counts only where the application has no page for the
target and the map has almost the name, or where the user says that another site comes.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.nginx import Nginx, file_line
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
from diagnose.parsers.nginx.edits import insert_after

if TYPE_CHECKING:
    from diagnose.parsers.nginx.map_defaults import MapDefault

#: Statuses of a path that the application of the default does not have.
_UNKNOWN = {403, 404, 410}
_TOLD = {"wrong-site", "not-loaded"}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.answer-says-why",
        "http.not-the-site",
        "upstream.other-application",
        "upstream.own-answer",
        "upstream.wrong-path",
        "websocket.*",
    ],
)
def map_default_taken(evidence: Evidence) -> Iterator[Claim]:
    nginx, target, pages = Nginx.of(evidence), evidence.target, page_exchanges(evidence)
    symptom = target.symptom
    is_told = symptom is not None and symptom.kind in _TOLD
    is_refused = bool(pages) and all(page.status in _UNKNOWN for page in pages)
    if not pages or not (is_refused or is_told):
        return
    # Imported late: few sites fail.
    from diagnose.parsers.nginx.map_defaults import map_defaults

    for match in nginx.location_matches(target.path):
        for taken in map_defaults(match, target.host):
            if not (is_told or taken.is_like):
                continue
            near = taken.near
            yield Claim(
                about=Subject(name=target.host, port=target.port),
                covers=(Subject(port=target.port), Subject(port=target.port, path=target.path)),
                because=(*pages, *nginx.configs),
                confidence=Confidence.LIKELY,
                facts={
                    "name": target.host,
                    "variable": taken.table.args[1],
                    "place": file_line(taken.table),
                    "value": taken.value,
                    "line": f"{target.host} {near.args[0]};" if near else "",
                    "near": near.name if near and taken.is_like else "",
                    "status": pages[0].status or "",
                },
                location=nginx.location(taken.table),
                fix=_fix(nginx, taken),
            )
            return


def _fix(nginx: Nginx, taken: "MapDefault") -> Fix:
    """Give the name the value of the entry that is meant."""
    near = taken.near
    file = nginx.file(near) if near else None
    line = f"{nginx.evidence.target.host} {near.args[0]};" if near else ""
    edit = (
        config_edit(nginx, file.path, insert_after(file.text, near, [line]))
        if near is not None and file is not None and not set(line[:-1]) & set("\"'{};")
        else None
    )
    if edit is None:
        step = Manual("add-the-name", Where.SERVER)
        return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
