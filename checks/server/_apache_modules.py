"""Modules of Apache by what needs them."""

import re
from collections.abc import Iterable, Sequence

from checks.server import ServerView, line_edit
from diagnose.model import Applicability, Command, Edit, Fix, Step, server_commands

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


#: The main file of Debian, whose tool a2enmod(8) loads modules. SUSE's tool of that name, and the
#: folder /etc/apache2 on SUSE, Alpine, Gentoo and cPanel, are others.
_DEBIANS_FILE = "/etc/apache2/apache2.conf"
#: What a module needs beside itself. Debian's tool knows it.
_COMPANIONS: dict[str, tuple[str, ...]] = {
    "ssl": ("socache_shmcb",),
    "proxy_balancer": ("proxy", "slotmem_shm"),
    **dict.fromkeys(
        ("proxy_http", "proxy_http2", "proxy_wstunnel", "proxy_fcgi", "proxy_ajp", "proxy_scgi"),
        ("proxy",),
    ),
}


def is_debians(view: ServerView) -> bool:
    """Return whether Debian's tools (a2enmod, a2dismod, a2ensite) load what this Apache has."""
    return view.server.product == "apache" and view.server.config == _DEBIANS_FILE


def loading_steps(view: ServerView, names: Sequence[str]) -> tuple[Step, ...] | None:
    """Return the steps that load these modules, () if they are loaded. Elsewhere than on Debian
    they take the comment away from the line that loads one; None if there is no such line."""
    loaded = view.config.modules if view.config else ()
    missing = tuple(name for name in names if name not in loaded)
    if not missing or view.server.product != "apache":
        return ()
    if is_debians(view):
        return (server_commands.enable_apache_modules(missing),)
    companions = (other for name in missing for other in _COMPANIONS.get(name, ()))
    wanted = (*missing, *(other for other in companions if other not in loaded))
    changes: dict[str, dict[int, tuple[str, ...]]] = {}
    for name in dict.fromkeys(wanted):
        place = _commented_line(view, name)
        if place is None and name in missing:
            return None
        if place is not None:
            path, number, line = place
            changes.setdefault(path, {})[number] = (line,)
    edits = [line_edit(view, path, lines) for path, lines in changes.items()]
    return tuple(edit for edit in edits if edit)


def _commented_line(view: ServerView, name: str) -> tuple[str, int, str] | None:
    """Return the file, the number and the text of the line that would load a module."""
    pattern = re.compile(rf"[ \t]*#[# \t]*(LoadModule[ \t]+{re.escape(name)}_module[ \t].*)")
    for file in view.config.files if view.config else ():
        for number, line in enumerate(file.text.split("\n"), 1):
            if match := pattern.fullmatch(line):
                return file.path, number, match[1]
    return None


#: Modules that show to visitors what they did not see before: lists of folders, files of users, the
#: state of the server, a folder that can be written to. Somebody may have left them out for that.
_SHOWING = frozenset({"autoindex", "dav", "status", "userdir"})


def loading_fix(view: ServerView, names: Sequence[str], rest: Iterable[Command]) -> Fix | None:
    """Return the fix that loads these modules and goes on with `rest`; None if that takes a
    person, or if they are loaded."""
    steps = loading_steps(view, names)
    if not steps:
        return None
    is_edited = any(isinstance(step, Edit) for step in steps)
    is_read_first = is_edited or not _SHOWING.isdisjoint(names)
    return Fix((*steps, *rest), Applicability.REVIEW if is_read_first else Applicability.AUTOMATIC)


def modules_of_directive(name: str) -> tuple[str, ...]:
    """Return the modules that bring a directive; () if that is not known."""
    lower = name.lower()
    if exact := _EXACT.get(lower):
        return exact
    return next((names for prefix, names in _DIRECTIVES if lower.startswith(prefix)), ())


def modules_of_sessions(message: str) -> tuple[str, ...]:
    """Return the module that a message about the store of TLS sessions asks for; () if it is about
    something else (mod_ssl, "SSLSessionCache")."""
    match = re.search(
        r"you need to load the appropriate socache module \(mod_(\w{1,40})\?\)", message
    )
    return (match[1],) if match else ()


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
