"""Apache or Caddy may not read a file of the site that is there: its user has no permission on the
file or on a folder above it (path_resolution(7)), or systemd hides the folder from the service
(ProtectHome, systemd.exec(5)). Caddy writes neither into its log.
"""

from collections.abc import Iterator

from checks._unit_corrections import correction_facts, correction_of, correction_steps
from checks.server import ServerView, manual_fix, pages_with_status, place_text, server_on_port
from checks.server._opened_folders import opening_fix
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.files import PathComponent
from diagnose.model.http import Exchange
from diagnose.model.site_folders import FolderAccess
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, FolderAccess, Exchange],
    explains=["server.page-missing", "server.own-answer", "server.request-logged"],
)
def file_forbidden(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.server.product == "apache":
        return  # Apache's own log says it: server.request-failed
    pages = [*pages_with_status(evidence, 403), *pages_with_status(evidence, 404)]
    for access in evidence.good(FolderAccess)[:1]:
        closed = access.denied_parts
        if pages and (access.hidden or closed):
            yield _claim(view, access, closed, pages)


def _claim(
    view: ServerView,
    access: FolderAccess,
    closed: tuple[PathComponent, ...],
    pages: list[Exchange],
) -> Claim:
    target, site = view.evidence.target, next(iter(view.answering_sites), None)
    hidden = access.hidden and view.server.unit
    correction = correction_of(view.evidence, view.server.unit) if hidden else None
    fix = None if access.hidden else opening_fix(access)
    if correction:
        fix = Fix(correction_steps(correction, running=True), Applicability.REVIEW)
    return Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port, path=target.path),),
        because=(access, view.server, *pages, *([correction] if correction else ())),
        facts={
            **view.facts,
            "url": pages[0].url,
            "status": pages[0].status,
            "file": access.path,
            "user": access.user,
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed),
            "hidden": access.hidden,
            "unit": view.server.unit,
            **correction_facts(correction),
            "place": place_text(site.file, site.line) if site else "",
        },
        fix=fix or manual_fix(view, "move"),
    )
