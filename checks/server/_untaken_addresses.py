"""Why a server behind another one of this machine takes that one for every visitor, and the steps
after which it takes the visitor's address from the field that the one in front sends.

Apache replaces the address of the connection with mod_remoteip ("RemoteIPHeader"): for every
connection, or for those of a list alone ("RemoteIPInternalProxy", "RemoteIPTrustedProxy"). Caddy
replaces X-Forwarded-For of everybody whom it does not trust (reverse_proxy, "trusted_proxies"), and
so does Traefik ("Forwarded Headers").
"""

import ipaddress
import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.server import file_rows, line_edit, place_text, reload_steps, server_on_port
from checks.server._address_rules import apache_steps
from checks.server._apache_modules import loading_steps
from checks.server._caddy_trust import PROXY, TRUSTED, trusting_fix
from checks.server._inner_servers import InnerServer
from checks.server._traefik_points import (
    believes_senders,
    entry_point_place,
    restart_step,
    trust_is_written,
    trusting_edit,
)
from diagnose.model import Step
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite
from diagnose.parsers.nginx.locations import proxy_set_header_of

_FIELD = "X-Forwarded-For"
_LOOPBACK = ipaddress.ip_address("127.0.0.1")
_LISTS = frozenset({"remoteipinternalproxy", "remoteiptrustedproxy"})
#: Lists in files of their own, and the PROXY protocol: what they name is not read here.
_UNREAD = frozenset(
    {"remoteipinternalproxylist", "remoteiptrustedproxylist", "remoteipproxyprotocol"}
)
_LINE = re.compile(r"(?i)[ \t]*(RemoteIP\w{1,30})[ \t]+(.{1,4000})")


#: Lines in such a block have no effect where the module is not loaded, and are no error.
_BLOCK = re.compile(r"(?im)^[ \t]*<IfModule[ \t]+\"?(?:mod_remoteip\.c|remoteip_module)\b")


@frozen
class UntakenAddress:
    """Where a server does not take the visitor's address. `untrusted` is the line of a list that
    lacks the server in front, `field` another field that is read, `unloaded` is True if
    mod_remoteip is configured and not loaded. `steps` are () if a person has to write them."""

    place: str
    steps: tuple[Step, ...]
    untrusted: str = ""
    field: str = ""
    unloaded: bool = False


@frozen
class _Line:
    file: str
    number: int
    name: str
    value: str

    @property
    def text(self) -> str:
        return f"{self.name} {self.value}"


def untaken_address(inner: InnerServer, site: WebSite) -> UntakenAddress | None:
    """Return why a server behind another does not take the visitor's address; None if it does, or
    if that is unknown."""
    readers = {"apache": _of_apache, "caddy": _of_caddy, "traefik": _of_traefik}
    reader = readers.get(inner.view.server.product)
    return reader(inner, site) if reader else None


def _of_caddy(inner: InnerServer, site: WebSite) -> UntakenAddress | None:
    config = inner.view.config
    text = "\n".join(file.text for file in config.files) if config else ""
    if TRUSTED.search(text) or not PROXY.search(text):
        return None
    fix = trusting_fix(inner.view)
    return UntakenAddress(place_text(site.file, site.line), fix.steps if fix else ())


def _of_traefik(inner: InnerServer, site: WebSite) -> UntakenAddress | None:
    view = inner.view
    if believes_senders(view) or trust_is_written(view):
        return None
    edit = trusting_edit(view, inner.port, ("127.0.0.1", "::1"))
    steps = (edit, restart_step(view.server)) if edit else ()
    return UntakenAddress(place_text(*entry_point_place(view, inner.port)), steps)


def _of_apache(inner: InnerServer, site: WebSite) -> UntakenAddress | None:
    view, lines = inner.view, list(_lines(inner))
    headers = [line for line in lines if line.name.lower() == "remoteipheader"]
    reload = reload_steps(view.server)
    if any(line.name.lower() in _UNREAD for line in lines):
        return None
    if not headers:
        steps = apache_steps(inner, site)
        place = place_text(site.file, site.line)
        return UntakenAddress(place, (*steps, *reload) if steps else ())
    place = place_text(headers[0].file, headers[0].number)
    if _is_passed_over(inner, headers[0]):
        loading = loading_steps(view, ("remoteip",))
        loaded: tuple[Step, ...] = (*loading, *reload) if loading else ()
        return UntakenAddress(place, loaded, unloaded=True)
    if not any(_is_sent(inner, line.value.strip("\"'")) for line in headers):
        return _edited(inner, headers[-1], (f"RemoteIPHeader {_FIELD}",), field=headers[-1].value)
    lists = [line for line in lines if line.name.lower() in _LISTS]
    if not lists or any(map(_may_hold_loopback, lists)):
        return None
    added = (lists[-1].text, "RemoteIPInternalProxy 127.0.0.1 ::1")
    return _edited(inner, lists[-1], added, untrusted=lists[-1].text)


def _edited(
    inner: InnerServer, line: _Line, rows: tuple[str, ...], untrusted: str = "", field: str = ""
) -> UntakenAddress:
    """Return the answer with the edit that writes these rows in the place of a line."""
    view = inner.view
    file = view.config.file(line.file) if view.config else None
    own = file_rows(view, file)[line.number - 1] if file else ""
    indent = own[: len(own) - len(own.lstrip())]
    edit = line_edit(view, line.file, {line.number: tuple(f"{indent}{row}" for row in rows)})
    steps: tuple[Step, ...] = (edit, *reload_steps(view.server)) if edit else ()
    return UntakenAddress(place_text(line.file, line.number), steps, untrusted, field)


def _lines(inner: InnerServer) -> Iterator[_Line]:
    """Yield the lines of mod_remoteip in the files of Apache that are known."""
    view = inner.view
    for file in view.config.files if view.config else ():
        for number, row in enumerate(file_rows(view, file), 1):
            if match := _LINE.fullmatch(row.rstrip()):
                yield _Line(file.path, number, match[1], " ".join(match[2].split()))


def _is_passed_over(inner: InnerServer, line: _Line) -> bool:
    """Return whether a line stands in a file that asks for mod_remoteip, which is not loaded."""
    config = inner.view.config
    file = config.file(line.file) if config else None
    is_missing = config is not None and "remoteip" not in config.modules
    return is_missing and file is not None and _BLOCK.search(file.text) is not None


def _is_sent(inner: InnerServer, field: str) -> bool:
    """Return whether the server in front sends a field, or may: it is named there."""
    if field.lower() == _FIELD.lower():
        return True
    evidence = inner.view.evidence
    front = server_on_port(evidence)
    if front is not None:
        files = front.config.files if front.config else ()
        return any(field.lower() in file.text.lower() for file in files)
    matches = Nginx.of(evidence).location_matches(evidence.target.path_without_query)
    return any(proxy_set_header_of(match, field) for match in matches)


def _may_hold_loopback(line: _Line) -> bool:
    """Return whether a list has the address from which a server of this machine asks; names count
    as such."""
    for word in line.value.split():
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:
            return True
        if _LOOPBACK in network:
            return True
    return False
