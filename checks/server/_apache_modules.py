"""Modules of Apache by what needs them."""

import re

from checks.server import ServerView

#: By the beginning of their directives, in lower case.
_DIRECTIVES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sslproxy", ("ssl",)),
    ("ssl", ("ssl",)),
    ("proxy", ("proxy", "proxy_http")),
    ("rewrite", ("rewrite",)),
    ("requestheader", ("headers",)),
    ("header", ("headers",)),
    ("expires", ("expires",)),
    ("balancer", ("proxy_balancer",)),
    ("remoteip", ("remoteip",)),
    ("dav", ("dav",)),
    ("protocolsh2", ("http2",)),
    ("md", ("md",)),
)

#: By a whole directive, in lower case: the modules of Apache's own package.
_EXACT: dict[str, tuple[str, ...]] = {
    directive: (module,)
    for module, directives in (
        ("access_compat", "allow deny order satisfy"),
        ("actions", "action script"),
        ("alias", "alias aliasmatch redirect redirectmatch redirectpermanent redirecttemp"),
        ("alias", "scriptalias scriptaliasmatch"),
        ("auth_basic", "authbasicprovider authbasicauthoritative"),
        ("auth_digest", "authdigestprovider authdigestdomain authdigestqop"),
        ("authn_file", "authuserfile"),
        ("authz_groupfile", "authgroupfile"),
        ("autoindex", "indexoptions indexignore adddescription addicon headername readmename"),
        ("deflate", "deflatecompressionlevel deflatefilternote deflatebuffersize"),
        ("dir", "directoryindex directoryslash fallbackresource"),
        ("env", "setenv passenv unsetenv"),
        ("filter", "addoutputfilterbytype filterdeclare filterprovider filterchain"),
        ("http2", "h2push h2direct h2maxsessionstreams h2windowsize h2upgrade"),
        ("macro", "use"),
        ("mime", "addtype addhandler addencoding addcharset addoutputfilter removehandler"),
        ("negotiation", "languagepriority forcelanguagepriority"),
        ("proxy_html", "proxyhtmlenable proxyhtmlurlmap proxyhtmllinks proxyhtmlextended"),
        ("reqtimeout", "requestreadtimeout"),
        ("setenvif", "setenvif setenvifnocase browsermatch browsermatchnocase setenvifexpr"),
        ("speling", "checkspelling checkcaseonly"),
        ("status", "extendedstatus"),
        ("substitute", "substitute substitutemaxlinelength"),
        ("userdir", "userdir"),
        ("vhost_alias", "virtualdocumentroot virtualscriptalias"),
    )
    for directive in directives.split()
}

#: By the protocol of a backend (mod_proxy, "Protocol Upgrade" and the modules' own pages).
_PROTOCOLS: dict[str, tuple[str, ...]] = {
    "http": ("proxy_http",),
    "https": ("proxy_http", "ssl"),
    "ws": ("proxy_wstunnel",),
    "wss": ("proxy_wstunnel", "ssl"),
    "fcgi": ("proxy_fcgi",),
    "ajp": ("proxy_ajp",),
    "uwsgi": ("proxy_uwsgi",),
    "scgi": ("proxy_scgi",),
    "h2": ("proxy_http2", "ssl"),
    "h2c": ("proxy_http2",),
    "balancer": ("proxy_balancer", "lbmethod_byrequests"),
}


def modules_of_directive(name: str) -> tuple[str, ...]:
    """Return the modules that bring a directive; () if that is not known."""
    lower = name.lower()
    if exact := _EXACT.get(lower):
        return exact
    return next((names for prefix, names in _DIRECTIVES if lower.startswith(prefix)), ())


def modules_of_protocol(scheme: str) -> tuple[str, ...]:
    """Return the modules that pass requests on to `scheme`://; () if that is not known."""
    return _PROTOCOLS.get(scheme, ())


#: Apache since this version passes upgrades by mod_proxy_http.
_UPGRADE_PARAMETER = (2, 4, 47)


def has_upgrade_parameter(view: ServerView) -> bool:
    """Return whether this Apache knows `ProxyPass … upgrade=`; an unknown version counts as new."""
    numbers = re.findall(r"\d{1,6}", view.server.version)[:3]
    return (tuple(map(int, numbers)) or _UPGRADE_PARAMETER) >= _UPGRADE_PARAMETER


def lacks_tunnel(view: ServerView) -> bool:
    """Return whether this Apache passes no WebSocket on, because mod_proxy_wstunnel is missing."""
    modules = view.config.modules if view.config else ()
    is_apache = view.server.product == "apache"
    return is_apache and not has_upgrade_parameter(view) and "proxy_wstunnel" not in modules
