"""The block of a site's other name, with or without "www.", which lacks the name that is asked for:
the lines that get it, and the certificate that has to cover it as well."""

from collections.abc import Iterable, Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._certificates import certificate_files
from checks.nginx._commands import reload_steps
from checks.nginx._default_blocks import redirects_to
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Command, Fix, Manual, Where, commands
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile, Directive
from diagnose.model.tls import Certificate
from diagnose.parsers.hostnames import covers, is_host
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.server_blocks import Server

#: Most names of a certificate that are written in a command: Let's Encrypt takes no more.
_MAX_NAMES = 100


@frozen
class SiblingName:
    """The site's other name, the `server_name` lines that have it on the ports that lack the one
    that is asked for, and the certificate of its block if it does not cover that one; None if it
    does, or was not read. `is_covered`: it was read, and does. `is_wanted`: the site itself leads
    its visitors to the name, from port 80 or by a redirect."""

    name: str
    directives: tuple[Directive, ...]
    leaf: Certificate | None
    path: str = ""
    is_covered: bool = False
    is_wanted: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(map(file_line, self.directives))


def sibling_facts(sibling: SiblingName | None) -> dict[str, object]:
    return {
        "sibling": sibling.name if sibling else "",
        "sibling_places": sibling.places if sibling else (),
        "lacks_name": bool(sibling and sibling.leaf),
    }


def sibling_name(nginx: Nginx) -> SiblingName | None:
    """Return the other name of the target's site, None if no block on the target's port has it, but
    for one that redirects to the target's name: with that name it would be a circle."""
    target = nginx.evidence.target
    bare = target.host.removeprefix("www.")
    name = bare if bare != target.host else f"www.{bare}"
    blocks = [server for server in nginx.servers if name in server.names]
    own = [
        server
        for server in blocks
        if _listens(server, target.port) and not redirects_to(server, target.host)
    ]
    if not own or not is_host(target.host):
        return None
    plain = [
        server
        for server in blocks
        if target.port != 80 and _listens(server, 80) and not _listens(server, target.port)
    ]
    named = [s for s in nginx.servers if target.host in s.names and _listens(s, 80)]
    if named:
        plain = []
    file, is_covered = _certificate(nginx, own[0], target.host)
    leaf = file.chain[0] if file and target.uses_tls and not is_covered else None
    return SiblingName(
        name,
        _name_lines((*own, *plain), name),
        leaf,
        file.path if file else "",
        is_covered and target.uses_tls,
        any(_leads_to(server, target.host) for server in named),
    )


def redirected_name(nginx: Nginx, host: str, port: int) -> SiblingName | None:
    """Return the target's name and the lines that have it, if the site redirects to another name
    that its block lacks, and its certificate covers where it needs one; None if the block's own
    redirect would lead that name in a circle."""
    target = nginx.evidence.target
    own = [
        server for server in nginx.servers if target.host in server.names and _listens(server, port)
    ]
    if not own or not is_host(host) or any(any(_redirections(server)) for server in own):
        return None
    file, is_covered = _certificate(nginx, own[0], host)
    uses_tls = any(listen.ssl for listen in own[0].listens if listen.port == port)
    if uses_tls and not is_covered:
        return None
    lines = _name_lines(own, target.host)
    path = file.path if file else ""
    return SiblingName(target.host, lines, None, path, True, True) if lines else None


def _redirections(server: Server) -> Iterator[str]:
    """Yield the addresses to which a block redirects whatever the visitor's name is: the ones under
    a condition are left out."""
    for block in (server.block, *children(server.block, "location")):
        for line in (*children(block, "return"), *children(block, "rewrite")):
            yield from (word for word in line.args if "://" in word)


def _leads_to(server: Server, host: str) -> bool:
    """Return whether the block redirects to https for the name, by the name or as it was asked."""
    asked = ("https://$host", "https://$http_host", "https://$server_name")
    return redirects_to(server, host) or any(
        address.startswith(asked) for address in _redirections(server)
    )


def _certificate(nginx: Nginx, server: Server, host: str) -> tuple[CertificateFile | None, bool]:
    """Return the certificate of a block, and whether it covers a host; None if it was not read."""
    file = next((file for file in certificate_files(nginx, server) if file.chain), None)
    leaf = file.chain[0] if file else None
    names = (leaf.dns_names or (leaf.common_name,)) if leaf else ()
    return file, bool(leaf and covers(host, names, leaf.addresses))


def _name_lines(servers: Iterable[Server], name: str) -> tuple[Directive, ...]:
    lines = {
        (line.file, line.start): line
        for server in servers
        for line in children(server.block, "server_name")
        if name in map(str.lower, line.args)
    }
    return tuple(lines.values())


def _listens(server: Server, port: int) -> bool:
    return any(listen.port == port for listen in server.listens)


def sibling_fix(nginx: Nginx, sibling: SiblingName, host: str) -> Fix | None:
    """Give the block the name beside its other one, on port 80 too; then get a certificate for
    both. None where a line cannot be edited. Where the site itself leads to the name, and has its
    certificate, nothing else can be meant."""
    changes: Changes = {}
    for line in sibling.directives:
        file = nginx.file(line)
        at = file.text.lower().find(sibling.name, line.start, line.stop) if file else -1
        if at < 0:
            return None
        stop = at + len(sibling.name)
        changes.setdefault(line.file, []).append(TextEdit(stop, stop, f" {host}"))
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return None
    loading = reload_steps(nginx)
    if sibling.leaf is None:
        is_sure = sibling.is_covered and sibling.is_wanted
        applicability = Applicability.AUTOMATIC if is_sure else Applicability.REVIEW
        return Fix((*file_edits, *loading), applicability)
    order = _order(sibling, host)
    step = Manual("certificate-of-both", Where.SERVER, commands=(order,) if order else ())
    return Fix((*file_edits, *loading, step), Applicability.MANUAL)


def _order(sibling: SiblingName, host: str) -> Command | None:
    """Return certbot's command that issues its certificate with this name as well; None for
    another tool's, and where a name of it needs another challenge."""
    # Imported late: few names lack a block.
    from checks.certificate import lineage_of

    lineage = lineage_of(sibling.path)
    names = dict.fromkeys((*(sibling.leaf.dns_names if sibling.leaf else ()), host))
    if lineage is None or lineage.tool != "certbot" or len(names) > _MAX_NAMES:
        return None
    if not all(is_host(name) for name in names):
        return None
    words = ("certbot", "certonly", "--nginx", "--cert-name", lineage.name)
    options = (word for name in names for word in ("-d", name))
    return commands.renew_certificate((*words, *options))
