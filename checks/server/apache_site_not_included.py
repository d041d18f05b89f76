"""The site's file lies in the folder of an include (Debian's sites-enabled, Red Hat's conf.d), and
Apache does not read it: `IncludeOptional conf.d/*.conf` takes files that end in ".conf" (Debian's
2.2 took all), or that line is missing. Or the site is in a file that is read, in an <IfDefine>
whose parameter nothing defines (core, "IfDefine").

Where a site with a wildcard answers the name in its place, its refusal of the page tells.
"""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_view,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
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
from diagnose.parsers.apache.section_lines import undefined_section
from diagnose.parsers.stray_pages import is_default_page
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
    if site is None and view.server.pid is not None and not _is_served(evidence):
        yield from _in_section(view)
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
            "parameter": "",
            "folder": folder.rpartition("/")[2],
        },
        fix=Fix(
            (step, *reload_steps(view.server)),
            Applicability.MANUAL if suffix else Applicability.REVIEW,
        ),
    )


def _in_section(view: ServerView) -> Iterator[Claim]:
    """Yield the site that an <IfDefine> leaves out."""
    target = view.evidence.target
    for site in view.config.idle if view.config else ():
        file = view.config.file(site.file) if view.config else None
        is_meant = has_name(site, target.host) and site.listens_on(target.port)
        section = undefined_section(file.text, site.line) if file and is_meant else None
        if file is None or section is None:
            continue
        number, parameter = section
        text = line_text(view, file.path, number)
        define = f"{indentation(text)}Define {parameter}"
        edit = line_edit(view, file.path, {number: (define, text)})
        edits: list[Edit] = [edit] if edit else []
        yield Claim(
            about=Subject(text=site.file),
            covers=(Subject(port=target.port), Subject(port=80)),
            because=(view.server, view.config) if view.config else (view.server,),
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                "file": site.file,
                "config": place_text(file.path, number),
                "suffix": False,
                "parameter": parameter,
                "folder": "",
            },
            # The section may leave it out on purpose.
            fix=Fix((*edits, *reload_steps(view.server)), Applicability.REVIEW),
        )
        return


def _is_served(evidence: Evidence) -> bool:
    """Return whether visitors get a page, which another site has for the name: then a site for
    maintenance, or for tests, is left out on purpose. The page of a package is none, nor one that
    is another site's by a person's words."""
    symptom, pages = evidence.target.symptom, page_exchanges(evidence)
    if symptom is not None and symptom.kind == "wrong-site":
        return False
    return bool(pages) and all(
        page.verified
        and 200 <= (page.status or 0) < 400
        and not is_default_page(page.status, page.body)
        for page in pages
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
