"""A WebSocket opens with "Connection: Upgrade", and is refused with "Connection: keep-alive,
Upgrade": a condition of the web server compares the whole field. Connection is a list of options
(RFC 9110 section 7.6.1), and Firefox sends two.

The proof are three handshakes that differ in this field alone: accepted, refused, accepted again.
"""

from collections.abc import Iterator

from checks.server import line_edit, line_text, manual_fix, place_text, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Upgrade
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.exact_connection import exact_conditions


@check(
    severity=Severity.ERROR,
    needs=[Upgrade, WebServer, WebServerConfig],
    explains=["server.own-answer", "server.application-answers"],
)
def connection_compared(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return
    changes = {
        file.path: dict(conditions)
        for file in view.config.files
        if (conditions := list(exact_conditions(view.config.product, file.text)))
    }
    site_files = {site.file for site in view.answering_sites}
    # The condition of the answering site comes first.
    path = next((path for path in changes if path in site_files), next(iter(changes), ""))
    for refused in evidence.good(Upgrade):
        if refused.variant != "two-options" or refused.accepted or not path:
            continue
        accepted = [
            upgrade
            for upgrade in evidence.good(Upgrade)
            if upgrade.path == refused.path and upgrade.accepted
        ]
        visits = [upgrade for upgrade in accepted if upgrade.is_visit]
        controls = [upgrade for upgrade in accepted if upgrade.variant == "again"]
        if not visits or not controls:
            continue
        number = min(changes[path])
        edit = line_edit(view, path, {line: (text,) for line, text in changes[path].items()})
        yield Claim(
            about=Subject(port=evidence.target.port, path=refused.path),
            covers=(
                Subject(port=evidence.target.port, path=refused.path),
                Subject(port=evidence.target.port, path=refused.path.partition("?")[0]),
            ),
            because=(refused, *visits, *controls, view.server, view.config),
            facts={
                **view.facts,
                "path": refused.path,
                "place": place_text(path, number),
                "line": line_text(view, path, number).strip(),
                "status": refused.status or "",
                "apache": view.server.product == "apache",
            },
            fix=Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
            if edit
            else manual_fix(view, "compare"),
        )
        return
