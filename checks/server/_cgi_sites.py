"""Sites of Apache that CGI or FastCGI programs answer: they get the fields of a request as
variables (mod_cgi, mod_proxy_fcgi; util_script.c, ap_add_common_vars)."""

import re

from checks.server import ServerView, line_text
from diagnose.model.web_servers import WebSite
from diagnose.parsers.web_sites import route_of

#: A handler at a port.
_HANDLER = re.compile(r"(?i)\s*SetHandler\s+\"?proxy:fcgi://")
#: CGI programs (mod_cgi, mod_cgid, mod_fcgid), and one that a handler's Action names: they get the
#: field no more than FastCGI programs (util_script.c, ap_add_common_vars).
_CGI = re.compile(
    r"(?i)\s*(?:(?:Set|Add)Handler\s+\"?(?:cgi-script|fcgid-script)\b"
    r"|Action\s+\S{1,100}\s+\"?/|FcgidWrapper\s)"
)
_SCRIPTS = re.compile(r"(?i)\s*ScriptAlias\s+\"?(/[^\s\"]*)")


def has_cgi_programs(view: ServerView, site: WebSite, path: str) -> bool:
    """Return whether a CGI or FastCGI program may have answered a path."""
    route = route_of(site, path.partition("?")[0], websocket=False)
    if route is not None:
        return route.scheme == "fcgi"
    lines = [line_text(view, site.file, number) for number in range(site.line, site.end)]
    aliases = filter(None, map(_SCRIPTS.match, lines))
    if any(map(_CGI.match, lines)) or any(path.startswith(alias[1]) for alias in aliases):
        return True
    return (
        bool(site.gateways)
        or any(route.scheme == "fcgi" for route in site.routes)
        or any(map(_HANDLER.match, lines))
    )
