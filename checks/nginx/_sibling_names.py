"""The block of a site's other name, with or without "www.", which lacks the name that is asked for:
the lines that get it, and the certificate that has to cover it as well."""

from collections.abc import Callable

from checks.nginx import Nginx, file_line
from checks.nginx._certificates import certificate_files
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Command, Fix, Manual, Where, commands
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
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
    does, or was not read."""

    name: str
    directives: tuple[Directive, ...]
    leaf: Certificate | None
    path: str = ""

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(map(file_line, self.directives))


def sibling_facts(sibling: SiblingName | None) -> dict[str, object]:
    return {
        "sibling": sibling.name if sibling else "",
        "sibling_places": sibling.places if sibling else (),
        "lacks_name": bool(sibling and sibling.leaf),
    }


def sibling_name(nginx: Nginx, leads_here: Callable[[Server], bool]) -> SiblingName | None:
    """Return the other name of the target's site, None if no block on the target's port has it, but
    for one that redirects to the target's name (`leads_here`): with that name it would be a
    circle."""
    target = nginx.evidence.target
    bare = target.host.removeprefix("www.")
    name = bare if bare != target.host else f"www.{bare}"
    blocks = [server for server in nginx.servers if name in server.names]
    own = [server for server in blocks if _listens(server, target.port) and not leads_here(server)]
    if not own or not is_host(target.host):
        return None
    plain = [
        server
        for server in blocks
        if target.port != 80 and _listens(server, 80) and not _listens(server, target.port)
    ]
    if any(target.host in server.names and _listens(server, 80) for server in nginx.servers):
        plain = []
    lines = {
        (line.file, line.start): line
        for server in (*own, *plain)
        for line in children(server.block, "server_name")
        if name in map(str.lower, line.args)
    }
    files = [file for file in certificate_files(nginx, own[0]) if file.chain]
    leaf = files[0].chain[0] if files and target.uses_tls else None
    if leaf and covers(target.host, leaf.dns_names or (leaf.common_name,), leaf.addresses):
        leaf = None
    return SiblingName(name, tuple(lines.values()), leaf, files[0].path if files else "")


def _listens(server: Server, port: int) -> bool:
    return any(listen.port == port for listen in server.listens)


def sibling_fix(nginx: Nginx, sibling: SiblingName) -> Fix | None:
    """Give the block the name beside its other one, on port 80 too; then get a certificate for
    both. None where a line cannot be edited."""
    host = nginx.evidence.target.host
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
        return Fix((*file_edits, *loading), Applicability.REVIEW)
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
