"""What gives cookies the Domain of the site: the program's own setting that has the other Domain,
or the line of nginx or Apache that changes it (ngx_http_proxy_module, proxy_cookie_domain)."""

import re

from checks.http._cookie_attributes import correcting_commands
from checks.nginx import Nginx
from checks.nginx._location_edits import location_fix
from checks.upstream._own_remedy import OwnRemedy, framework_remedy, remedy_of
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.model.applications import ReadSetting
from diagnose.parsers.applications import application_of
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch

#: A Domain that a line of a configuration can hold as it is.
_PLAIN = re.compile(r"[a-z0-9.-]{1,253}")


def domain_remedy(evidence: Evidence, domain: str) -> OwnRemedy | None:
    """Return the edit of the settings that were read and have this Domain; None if none has it."""
    # A file may have been read for two programs.
    places = {
        (read_setting.file, read_setting.number, read_setting.key): read_setting
        for read_setting in evidence.good(ReadSetting)
        if _has_domain(read_setting, domain)
    }
    reads = list(places.values())
    first = next(iter(reads), None)
    if first is None:
        return None
    application = application_of(first.application)
    if application is not None:
        own = [read for read in reads if read.application == first.application]
        return remedy_of(evidence, application, tuple(own))
    # Imported late: few programs have such a line in their source.
    from diagnose.parsers.frameworks import framework_of

    framework = framework_of(first.application)
    return framework_remedy(framework.name, first) if framework else None


def _has_domain(read: ReadSetting, domain: str) -> bool:
    if read.topic != "cookie_domain" or not domain:
        return False
    if any(value.lower().lstrip(".") == domain for value in read.values):
        return True
    name = rf"(?<![\w.-])\.?{re.escape(domain)}(?![\w.-])"
    return bool(read.new) and re.search(name, read.line, re.IGNORECASE) is not None


def server_domain_fix(evidence: Evidence, domain: str) -> Fix | None:
    """Return the edit by which Apache gives cookies of this Domain that of the site
    (mod_proxy, ProxyPassReverseCookieDomain); None where a name of the file is of that Domain."""
    from checks.server import indentation, line_edit, line_text, reload_steps, server_on_port
    from checks.server._backend_answers import route_to_application

    view = server_on_port(evidence)
    route = route_to_application(view) if view else None
    if view is None or route is None or not _PLAIN.fullmatch(domain):
        return None
    files = [file for file in view.config.files if file.path == route.file] if view.config else []
    rows = [row.split("#")[0] for file in files for row in file.text.split("\n")]
    name = re.compile(rf"^\s*Server(?:Name|Alias)\s.*{re.escape(domain)}", re.IGNORECASE)
    text = line_text(view, route.file, route.line)
    is_pass = re.match(r"\s*ProxyPass(?:Match)?\s", text, re.IGNORECASE)
    if view.server.product != "apache" or not is_pass or any(map(name.match, rows)):
        return None
    if any("proxypassreversecookiedomain" in row.lower() for row in rows):
        return None
    host = evidence.target.host
    line = f"{indentation(text)}ProxyPassReverseCookieDomain {domain} {host}"
    edit = line_edit(view, route.file, {route.line: (text, line)})
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def nginx_domain_fix(nginx: Nginx, match: LocationMatch, domain: str) -> Fix | None:
    """Return the edit by which nginx gives cookies of this Domain that of the site; None where
    nginx cannot, or where the block serves names for which the Domain is right."""
    names = [
        name.lower() for line in children(match.blocks[1], "server_name") for name in line.args
    ]
    is_alone = nginx.evidence.target.host in names and not any(
        name.startswith(("~", "*")) or name.strip(".").endswith(domain) for name in names
    )
    if not is_alone:
        return None
    steps = correcting_commands(nginx, match, "domain", (), domain)
    file_edits = tuple(step for step in steps if isinstance(step, Edit))
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None
