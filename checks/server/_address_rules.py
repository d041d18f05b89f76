"""The rule of a server behind another one that refuses the address from which that one asks, and
the steps by which it is compared with the visitor's address."""

import ipaddress
import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, file_rows, indentation, line_edit, line_text, place_text
from checks.server._apache_modules import loading_steps
from checks.server._haproxy import insert_after, place
from checks.server._inner_servers import LOOPBACK, InnerServer
from diagnose.model import Edit, Step
from diagnose.model.addresses import is_private
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.apache.section_lines import section_lines
from diagnose.parsers.cdn import CLOUDFLARE_NETWORKS
from diagnose.parsers.haproxy.addresses import sockets_of
from diagnose.parsers.haproxy.conditions import Rule, Situation, literal_holds, refusing_rules_of
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.haproxy.view import parsed, refusal_status, situation_of
from diagnose.parsers.web_sites import answering_sites

_REQUIRE = re.compile(r"(?i)\s*Require\s+(not\s+)?(\S+)\s*(.{0,1000})")
_REMOTE_IP = re.compile(r"(?im)^[ \t]*RemoteIP(?:Header|ProxyProtocol)\b")
_TRUSTED = ("RemoteIPHeader X-Forwarded-For", "RemoteIPInternalProxy {}")
_CADDY = re.compile(r"\s*(?:@[\w-]{1,80}\s+)?not\s+remote_ip\s+(?!forwarded\b)([^#{}]{1,500})")


@frozen
class AddressRule:
    """A rule by the address of the connection; `steps` are those after which it compares the
    visitor's, () if a person has to write them."""

    text: str
    place: str
    is_certain: bool
    steps: tuple[Step, ...] = ()


def address_rule(inner: InnerServer) -> AddressRule | None:
    """Return the rule of a server that refuses the server in front; None if none does."""
    match inner.view.server.product:
        case "apache":
            return next(_of_apache(inner), None)
        case "haproxy":
            return next(_of_haproxy(inner), None)
        case "caddy":
            return next(_of_caddy(inner), None)
    return None


def _of_apache(inner: InnerServer) -> Iterator[AddressRule]:
    """Yield the first `Require ip` of the virtual host for the path, if nothing beside it lets
    anybody in."""
    view, config = inner.view, inner.view.config
    target = view.evidence.target
    if config is None or takes_address(config):
        return
    for site in answering_sites(config, inner.port, target.host)[:1]:
        lines = section_lines(config, site, target.path_without_query)
        rows = [
            (line.number, require) for line in lines if (require := _REQUIRE.fullmatch(line.text))
        ]
        own = [(number, row) for number, row in rows if row[2].lower() == "ip" and not row[1]]
        # `Require host` is about a name: that of the loopback address is "localhost".
        others = [row for _, row in rows if not _is_of_strangers(row)]
        words = [word for _, row in own for word in row[3].split()]
        if not own or others or _may_have(words, inner):
            continue
        number, row = own[0]
        yield AddressRule(
            " ".join(row[0].split()),
            place_text(site.file, number),
            False,
            apache_steps(inner, site),
        )


def _is_of_strangers(rule: re.Match[str]) -> bool:
    """Return whether a line lets in an address, or a name that is not that of this machine."""
    kind, words = rule[2].lower(), rule[3].lower().split()
    return not rule[1] and (kind == "ip" or (kind == "host" and "localhost" not in words))


def takes_address(config: WebServerConfig) -> bool:
    """Return whether Apache takes the visitor's address from a field or the PROXY protocol."""
    return any(_REMOTE_IP.search(file.text) for file in config.files)


def apache_steps(inner: InnerServer, site: WebSite) -> tuple[Step, ...]:
    """Return the steps with which a virtual host of Apache's takes the visitor's address from
    X-Forwarded-For of the server in front; () if its file cannot be edited."""
    trusted = f"{LOOPBACK} ::1" if inner.address == LOOPBACK else " ".join(_senders(inner))
    return remote_ip_steps(inner.view, site, [line.format(trusted) for line in _TRUSTED])


def remote_ip_steps(view: ServerView, site: WebSite, added: Sequence[str]) -> tuple[Step, ...]:
    """Return the steps that write these lines of mod_remoteip into a virtual host, and load the
    module; () if its file cannot be edited."""
    modules = loading_steps(view, ("remoteip",))
    opening = line_text(view, site.file, site.line)
    below = line_text(view, site.file, site.line + 1)
    indent = indentation(below) or "    "
    rows = (opening, *(f"{indent}{line}" for line in added))
    edit = line_edit(view, site.file, {site.line: rows}) if opening.rstrip().endswith(">") else None
    return () if edit is None or modules is None else (*modules, edit)


def _of_haproxy(inner: InnerServer) -> Iterator[AddressRule]:
    """Yield the first rule of the frontend that denies by `src` alone, for this path."""
    config, target = inner.view.config, inner.view.evidence.target
    for frontend in parsed(config).frontends if config else ():
        bind = next(
            (line for socket, line in sockets_of(frontend) if socket.port == inner.port), None
        )
        rewrites = any(line.starts_with("http-request", "set-src") for line in frontend.lines)
        if bind is None or frontend.mode != "http" or rewrites:
            continue
        rules = refusing_rules_of(frontend)
        situation = situation_of(rules, target, False)
        for rule in rules:
            own = target.path_without_query
            if refusal_status(rule.line) != 403 or not _denies(rule, situation, own, inner):
                continue
            text = " ".join(rule.line.words)
            steps = _haproxy_steps(inner, frontend)
            yield AddressRule(text, place(rule.line), inner.address == LOOPBACK, steps)


def _denies(rule: Rule, situation: Situation, path: str, inner: InnerServer) -> bool:
    """Return whether a condition has no alternatives, and denies the front by `src`; what stands
    beside it, such as the path, is true for the request."""
    if len(rule.alternatives) != 1:
        return False
    term = rule.alternatives[0]
    own = [each for each in term if all(c.subject == "src" for c in each.criteria)]
    others = [each for each in term if each not in own]
    if len(own) != 1 or (others and rule.negated):
        return False
    (literal,) = own
    if any(criterion.file for criterion in literal.criteria):
        return False
    values = [value for criterion in literal.criteria for value in criterion.values]
    is_in = _has(values, inner.address)
    if not is_in and _may_have(values, inner):
        return False
    is_true = is_in != literal.negated
    is_denied = is_true != rule.negated
    return is_denied and all(literal_holds(each, situation, path) is True for each in others)


def _haproxy_steps(inner: InnerServer, frontend: Proxy) -> tuple[Edit, ...]:
    """Return the edit: for a machine in front, for its requests alone; for a server of this
    machine, if only its programs reach the frontend. Others could claim any address."""
    sockets = [(socket, line) for socket, line in sockets_of(frontend)]
    line = "http-request set-src req.hdr(x-forwarded-for,-1)"
    if inner.address != LOOPBACK:
        line = f"{line} if {{ src {' '.join(_senders(inner))} }}"
    elif not all(_is_loopback(socket.address) for socket, _ in sockets):
        return ()
    edit = insert_after(inner.view, sockets[-1][1], line)
    return (edit,) if edit else ()


def _of_caddy(inner: InnerServer) -> Iterator[AddressRule]:
    """Yield the first matcher `not remote_ip` without the front's address, in the site that
    answers the server in front. Whose word Caddy takes for the visitor's address, a person
    writes."""
    config, host = inner.view.config, inner.view.evidence.target.host
    for site in answering_sites(config, inner.port, host)[:1] if config else ():
        file = config.file(site.file) if config else None
        rows = file_rows(inner.view, file) if file else ()
        for number, text in enumerate(rows[site.line - 1 : site.end], site.line):
            match = _CADDY.match(text[:1000])
            if match and not _may_have(match[1].split(), inner):
                yield AddressRule(" ".join(text.split()), place_text(site.file, number), False)


def _senders(inner: InnerServer) -> tuple[str, ...]:
    """Return where the server in front connects from: Cloudflare from all its networks, another
    machine from the name's address, as far as is known."""
    return CLOUDFLARE_NETWORKS if inner.front == "Cloudflare" else (inner.address,)


def _may_have(words: Sequence[str], inner: InnerServer) -> bool:
    """Return whether a list may have the address from which the server in front connects: another
    machine may do so from an inner address, too."""
    if inner.address == LOOPBACK or _has(words, inner.address):
        return _has(words, inner.address)
    senders = (network.partition("/")[0] for network in _senders(inner))
    starts = (word.strip("\"'").partition("/")[0] for word in words)
    has_inner = "private_ranges" in words or any(map(is_private, starts))
    return has_inner or any(_has(words, sender) for sender in senders)


def _has(words: Sequence[str], address: str) -> bool:
    """Return whether addresses and networks include an address; True also for a word that is none,
    such as a partial address: then nothing is known."""
    return any(_includes(word, address) for word in words)


def _includes(word: str, address: str) -> bool:
    own = ipaddress.ip_address(address)
    if word == "private_ranges":
        return own.is_private
    try:
        network = ipaddress.ip_network(word.strip("\"'"), strict=False)
    except ValueError:
        return True
    return network.version == own.version and own in network


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
