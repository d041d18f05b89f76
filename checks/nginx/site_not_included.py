"""The site's configuration file exists, and no include reads it: it lacks the suffix, is not linked
into the folder that is read, or is stored elsewhere. So nginx does not know the name.

An unread file is no fault if visitors get the right site. It counts only if another site or nothing
responds. It is what somebody left behind if a block that nginx reads has the name and a certificate
of its own: that block is the site's, and lacks something (nginx.no-matching-server). So it is if
another web server has the site (Caddy, Apache, HAProxy): that one is meant to serve it.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._errors import find_config_error
from checks.nginx._other_servers import is_site_of_another_server
from checks.nginx.no_matching_server import closed_port_symptoms, wrong_server_symptoms
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.sites import SiteFile
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits, site_files
from diagnose.parsers.nginx.config import children

_PROJECT = re.compile(r"/(?:srv|opt|root|home/[^/]+)/[^/]+/nginx/")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, SiteFile],
    explains=[
        "nginx.config-invalid",
        "http.not-the-site",
        "nginx.not-running",
        "nginx.no-matching-server",
        "nginx.listen-without-ssl",
        "nginx.index-missing",
        "nginx.own-answer",
        "listener.missing",
        "listener.loopback-only",
        "tcp.refused",
        "tls.*",
        "certificate.*",
        "http.*",
        "upstream.*",
        "websocket.*",
    ],
)
def site_not_included(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    selected_servers = nginx.selected_servers()
    if nginx.config is None or _has_own_block(nginx):
        return
    if is_site_of_another_server(evidence):
        return
    sites = sorted(evidence.good(SiteFile), key=lambda site_file: _rank(nginx, site_file))
    clear_symptoms = (
        wrong_server_symptoms(evidence, list(selected_servers))
        if selected_servers
        else _unconfigured_port_symptoms(nginx)
    )
    symptoms = clear_symptoms or (_foreign_pages(nginx, sites) if selected_servers else ())
    if (
        not sites
        or not symptoms
        or (not clear_symptoms and site_files.is_backup_name(sites[0].path))
    ):
        return
    if _is_of_project(sites[0]) and not clear_symptoms:
        return
    site, patterns = sites[0], site_files.include_patterns(nginx.config)
    dangling_link = _dangling_link(nginx, patterns)
    if nginx.test and not nginx.test.passed and not dangling_link:
        # That must be fixed first: until then nothing can be included.
        return
    aside = site_files.is_backup_name(site.path)
    yield Claim(
        about=Subject(text=site.path),
        covers=(Subject(),),
        because=(site, nginx.config, *dict.fromkeys(symptoms)),
        facts={
            "file": site.path,
            "place": f"{site.path}:{site.line}",
            "name": target.host,
            "port": target.port,
            "default": file_line(selected_servers[0].server.block) if selected_servers else "",
            **_folder_facts(site, patterns),
            "aside": aside,
            "dangling": dangling_link,
            "patterns": patterns,
            "main": nginx.config.path,
            "others": tuple(site_file.path for site_file in sites[1:]),
        },
        # A project's file may be for another machine.
        confidence=Confidence.LIKELY
        if aside or not clear_symptoms or _is_of_project(site)
        else Confidence.CERTAIN,
        fix=_fix(nginx, sites, patterns, dangling_link),
    )


def _has_own_block(nginx: Nginx) -> bool:
    """Return whether a block of nginx has the host: one that answers, or has a certificate."""
    host = nginx.evidence.target.host
    return any(selected.name_match != "default" for selected in nginx.selected_servers()) or any(
        host in server.names and children(server.block, "ssl_certificate")
        for server in nginx.servers
    )


def _folder_facts(site: SiteFile, patterns: Sequence[str]) -> dict[str, str]:
    """Return the pattern by which nginx reads other files of the folder, or the folder that it does
    not read at all."""
    folder = posixpath.dirname(site.path)
    of_folder = (
        pattern
        for pattern in patterns
        if posixpath.dirname(pattern) == folder and site_files.has_wildcard(pattern)
    )
    pattern = next(of_folder, "")
    return {"suffix": pattern, "folder": "" if pattern else folder}


def _rank(nginx: Nginx, site: SiteFile) -> tuple[bool, bool, float, str]:
    """Return the sort key of a file: active ones before disabled ones, near the configuration
    before elsewhere, newest first."""
    aside, near = site_files.is_backup_name(site.path), _is_near(nginx, site)
    return (aside, not near, -(site.changed or 0.0), site.path)


def _is_near(nginx: Nginx, site: SiteFile) -> bool:
    """Return whether the file is near the configuration in use and does not belong to another
    nginx."""
    config = nginx.config
    if config is None:
        return False
    folders = [
        posixpath.dirname(path) for path in (config.path, *site_files.include_patterns(config))
    ]
    return any(site.path.startswith(f"{folder}/") for folder in folders)


def _is_of_project(site: SiteFile) -> bool:
    """Return whether the file lies in the folder of a project, and in none of an nginx."""
    return _PROJECT.match(site.path) is not None


def _unconfigured_port_symptoms(nginx: Nginx) -> tuple[Observation, ...]:
    """Return the evidence that nginx is not configured for the port and nothing listens on it; none
    where visitors get the page: a machine in front, or the other end of a tunnel, ends TLS."""
    pages = page_exchanges(nginx.evidence)
    if any((page.status or 500) < 400 for page in pages):
        return ()
    return () if nginx.listen_sockets(nginx.evidence.target.port) else closed_port_symptoms(nginx)


def _foreign_pages(nginx: Nginx, sites: Sequence[SiteFile]) -> tuple[Observation, ...]:
    """Return pages that are not the site's: from a block with other names only, the default page
    of a new installation, or an error of nginx's own in place of a site that is enabled."""
    evidence, host = nginx.evidence, nginx.evidence.target.host
    names = {
        name
        for selected_server in nginx.selected_servers()
        for name in selected_server.server.names
        if "." in name[1:-1]
    }
    is_foreign = names and not any(_is_same_site(name, host) for name in names)
    is_enabled = any(posixpath.dirname(site.path).endswith("/sites-enabled") for site in sites)
    return tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.port == evidence.target.port
        and exchange.is_of_visit
        and (
            is_foreign
            or "<title>Welcome to nginx" in exchange.body
            or (is_enabled and not names and _is_own_error(exchange))
        )
    )


def _is_own_error(exchange: Exchange) -> bool:
    """Return whether nginx found nothing, and asked no application."""
    return exchange.status in {403, 404} and proxy_page(exchange.body) == "nginx"


def _is_same_site(name: str, host: str) -> bool:
    """Return whether the names differ only by a subdomain such as www: shop.example.com and
    www.shop.example.com are usually one site."""
    return name.strip("*.").removeprefix("www.") == host.removeprefix("www.")


def _dangling_link(nginx: Nginx, patterns: tuple[str, ...]) -> str:
    """Return the broken link because of which nginx -t refuses the configuration: a pattern matches
    it, and its file does not exist."""
    missing = find_config_error(nginx, r'open\(\) "([^"]+)" failed \(2: ')
    path = missing[1][1] if missing else ""
    return (
        path
        if any(
            site_files.has_wildcard(pattern) and site_files.glob_matches(path, pattern)
            for pattern in patterns
        )
        else ""
    )


def _fix(nginx: Nginx, sites: list[SiteFile], patterns: tuple[str, ...], dangling_link: str) -> Fix:
    """Rename the file so that it is read, or link it, or include it.

    The fix is automatic if there is only one such file, nobody disabled it, and it has a place of
    its own.
    """
    site = sites[0]
    sure = not site_files.is_backup_name(site.path) and all(
        site_files.is_backup_name(site_file.path) for site_file in sites[1:]
    )
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    if dangling_link:
        if not _has_same_name(site.path, dangling_link):
            applicability = Applicability.REVIEW  # the link may have led to another site
        link = commands.relink(site.path, dangling_link)
        return Fix((link, *reload_steps(nginx)), applicability)
    if _is_of_project(site):
        into = _link_command(site, patterns)
        shown = (into, *reload_steps(nginx)) if into else ()
        return Fix((Manual("of-a-project", Where.SERVER, commands=shown),), Applicability.MANUAL)
    if not _is_near(nginx, site):
        return Fix((Manual("which-nginx", Where.SERVER),), Applicability.MANUAL)
    step = (
        _rename_command(site, patterns)
        or _link_command(site, patterns)
        or _include_edit(nginx, site)
    )
    if step is None:
        return Fix((Manual("include", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
    if isinstance(step, Edit):
        applicability = Applicability.REVIEW  # whole folders may be intended to be read
    return Fix((step, *reload_steps(nginx)), applicability)


def _has_same_name(path: str, other_path: str) -> bool:
    name, other_name = (
        posixpath.basename(file_path).removesuffix(".conf") for file_path in (path, other_path)
    )
    return name == other_name


def _rename_command(site: SiteFile, patterns: tuple[str, ...]) -> Command | None:
    folder, name = posixpath.split(site.path)
    for pattern in patterns:
        new_path = (
            site_files.matching_path(name, pattern)
            if posixpath.dirname(pattern) == folder
            else None
        )
        if new_path and new_path != site.path and site_files.has_wildcard(pattern):
            return commands.move(site.path, new_path)
    return None


def _link_command(site: SiteFile, patterns: tuple[str, ...]) -> Command | None:
    """Link the file into sites-enabled if there is such a folder, as on Debian."""
    wildcards = [pattern for pattern in patterns if site_files.has_wildcard(pattern)]
    wildcards.sort(key=lambda pattern: not posixpath.dirname(pattern).endswith("enabled"))
    for pattern in wildcards:
        if new_path := site_files.matching_path(posixpath.basename(site.path), pattern):
            return commands.link(site.path, new_path)
    return None


def _include_edit(nginx: Nginx, site: SiteFile) -> Edit | None:
    config = nginx.config
    main = config.file(config.path) if config else None
    if main is None:
        return None
    http = next(
        (
            directive
            for directive in nginx_parser.parse(main.text, main.path)
            if directive.name == "http"
        ),
        None,
    )
    last = http.block[-1] if http and http.block else None
    if last is None:
        return None
    return config_edit(
        nginx, main.path, edits.insert_after(main.text, last, [f"include {site.path};"])
    )
