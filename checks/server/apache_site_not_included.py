"""The site's file lies in the folder of an include (Debian's sites-enabled, Red Hat's conf.d), and
Apache does not read it: `IncludeOptional conf.d/*.conf` takes files that end in ".conf" (Debian's
2.2 took all), or that line is missing.

Where a site with a wildcard answers the name in its place, its refusal of the page tells.
"""

from collections.abc import Iterator

from checks.server import reload_steps, server_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.http import page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.web_sites import has_name

#: Debian's folder of the sites that are there and not enabled: another check is about it.
_AVAILABLE = "/sites-available/"

#: Endings in place of which ".conf" was meant.
_ENDINGS = (".cfg", ".config", ".cnf", ".txt", ".vhost", ".con")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.application-answers",
        "tls.*",
        "certificate.*",
        "http.*",
        "websocket.*",
        "server.wrong-site",
        "server.tls-off",
        "server.port-not-served",
        "server.redirect-missing",
        "server.own-answer",
        "server.page-missing",
    ],
)
def apache_site_not_included(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    if not view.config.complete:
        return  # the line or the file may be in what could not be read
    if any(_is_own(site, evidence) for site in view.answering_sites):
        return
    site = next(
        (
            site
            for site in view.config.idle
            if _AVAILABLE not in site.file and has_name(site, target.host)
            if site.listens_on(target.port)
            # A file that is read may have the site in a section that does not count.
            if view.config.file(site.file) is None
        ),
        None,
    )
    if site is None or view.server.pid is None:
        return
    folder, _, name = site.file.rpartition("/")
    suffix = name.endswith(".conf")
    step = Manual("include", Where.SERVER) if suffix else commands.move(site.file, _new(site.file))
    yield Claim(
        about=Subject(text=site.file),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(view.server, view.config),
        facts={
            **view.facts,
            "file": site.file,
            "config": view.config.path,
            "suffix": not suffix,
            "folder": folder.rpartition("/")[2],
        },
        fix=Fix(
            (step, *reload_steps(view.server)),
            Applicability.MANUAL if suffix else Applicability.REVIEW,
        ),
    )


def _is_own(site: WebSite, evidence: Evidence) -> bool:
    """Return whether a site is the target's own: not one with a wildcard that refuses the page."""
    host = evidence.target.host
    if host.lower() in site.names:
        return True
    pages = page_exchanges(evidence)
    is_refused = bool(pages) and all(page.status in {403, 404, 410} for page in pages)
    return has_name(site, host) and not is_refused


def _new(path: str) -> str:
    """Return the name with the ending that the include asks for."""
    own = next((path.removesuffix(ending) for ending in _ENDINGS if path.endswith(ending)), path)
    return own if own.endswith(".conf") else f"{own}.conf"
