"""The site's file lies in Debian's sites-enabled, and Apache does not read it: `IncludeOptional
sites-enabled/*.conf` takes files that end in ".conf" (Apache 2.4; 2.2 took all), or that line is
missing."""

from collections.abc import Iterator

from checks.server import reload_steps, server_view
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.web_sites import has_name

_FOLDER = "/sites-enabled/"


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
    ],
)
def apache_site_not_included(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    if not view.config.complete:
        return  # the line or the file may be in what could not be read
    if any(has_name(site, target.host) for site in view.answering_sites):
        return
    site = next(
        (
            site
            for site in view.config.idle
            if _FOLDER in site.file and has_name(site, target.host)
            if site.listens_on(target.port)
            # A file that is read may have the site in a section that does not count.
            if view.config.file(site.file) is None
        ),
        None,
    )
    if site is None or view.server.pid is None:
        return
    suffix = site.file.endswith(".conf")
    step = Manual("include" if suffix else "rename", Where.SERVER)
    yield Claim(
        about=Subject(text=site.file),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(view.server, view.config),
        facts={
            **view.facts,
            "file": site.file,
            "config": view.config.path,
            "suffix": not suffix,
        },
        fix=Fix((step, *reload_steps(view.server)), Applicability.MANUAL),
    )
