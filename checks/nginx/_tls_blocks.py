"""The block for https beside that of port 80, where a certificate for the name lies on the server
and no block names it: the lines of the plain block, as certbot's plugin would leave them."""

from typing import TYPE_CHECKING

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._default_blocks import has_pages
from checks.nginx._edits import config_edit, written_listen
from diagnose.model import Applicability, Fix
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, Directive
from diagnose.parsers.hostnames import is_host
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.server_blocks import Listen, Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

if TYPE_CHECKING:
    from checks.certificate._stored import StoredPair

#: Words that guides have in the place of the reader's name, in `server_name`.
_PLACEHOLDERS = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "www.")
    for name in (
        "_", "localhost", "your_domain", "your-domain", "yourdomain", "your_domain.com",
        "your-domain.com", "yourdomain.com", "yourdomain.org", "your_site.com", "yoursite.com",
        "your-site.com", "mydomain.com", "mysite.com", "domain.com", "domain.tld", "example.com",
        "example.org", "example.net", "your_server_ip", "your_server_domain", "your_domain_or_ip",
        "server_domain_or_ip", "your_domain_name", "your_domain_name.com", "yourdomainname.com",
    )
)  # fmt: skip
#: The folders of packages' own pages.
_PACKAGES = ("/var/www/html", "/usr/share/nginx/html", "html", "/usr/local/nginx/html")


@frozen
class TlsBlock:
    """The place of the block of port 80, the pair that it gets, and the edit. `placeholder` is the
    guide's word that it has in the place of the name, "" for none."""

    place: str
    placeholder: str
    pair: "StoredPair"
    fix: Fix


def tls_block(nginx: Nginx) -> TlsBlock | None:
    """Return the edit that lets the name's one block of port 80 answer the target's port with the
    certificate that lies on the server, and a new one redirect. None where the block has no pages
    or TLS of its own, or no valid certificate covers all of its names."""
    target = nginx.evidence.target
    own = _plain_block(nginx) if target.uses_tls and is_host(target.host) else None
    file = nginx.file(own.block) if own else None
    if own is None or file is None:
        return None
    # Imported late: few ports are closed.
    from checks.certificate._stored import stored_pair

    names = own.names if target.host in own.names else (target.host,)
    hosts = {name.replace("*", "any").lstrip(".") for name in names if name}
    pair = stored_pair(nginx.evidence, hosts, ())
    if pair is None or any(map(nginx.private_folder, (pair.path, pair.key))):
        return None
    changes = _changes(file, own, names, pair, target.port)
    edit = config_edit(nginx, file.path, *changes) if changes else None
    if edit is None:
        return None
    fix = Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
    placeholder = "" if target.host in own.names else " ".join(own.names)
    return TlsBlock(file_line(own.block), placeholder, pair, fix)


def _plain_block(nginx: Nginx) -> Server | None:
    """Return the block of port 80 with the name; else the only one with pages there, if it has a
    guide's word in the place of the name."""
    host = nginx.evidence.target.host
    plain = [server for server in nginx.servers if _is_plain(server)]
    named = [server for server in nginx.servers if host in server.names]
    if named:
        return named[0] if len(named) == 1 and named[0] in plain else None
    is_left = len(plain) == 1 and set(plain[0].names) <= _PLACEHOLDERS
    return plain[0] if is_left and not _shows_package(plain[0]) else None


def _is_plain(server: Server) -> bool:
    """Return whether a block has pages on port 80, and nothing of TLS."""
    return (
        bool(server.listens)
        and all(_is_usual(server, listen) for listen in server.listens)
        and not children(server.block, "ssl_certificate")
        and has_pages(server)
    )


def _is_usual(server: Server, listen: Listen) -> bool:
    words = set(listen.directive.args[1:]) if listen.directive else {"proxy_protocol"}
    is_own = listen.directive is not None and listen.directive.file == server.block.file
    is_open = not is_loopback(listen.address) and "proxy_protocol" not in words
    return is_own and is_open and listen.port == 80 and not listen.ssl


def _shows_package(server: Server) -> bool:
    match = select_location(server, "/")
    root = match.directive("root")
    is_packages = root is not None and root.args[:1] and root.args[0].rstrip("/") in _PACKAGES
    return bool(is_packages) and pass_directive_of(match) is None


def _changes(
    file: ConfigFile, own: Server, names: tuple[str, ...], pair: "StoredPair", port: int
) -> list[TextEdit]:
    listens = [listen for listen in own.listens if listen.directive is not None]
    words = children(own.block, "server_name")
    if len(words) > 1 or any(each.file != own.block.file for each in words):
        return []
    name_line = f"server_name {' '.join(name for name in names if name)};"
    files = [f"ssl_certificate {pair.path};", f"ssl_certificate_key {pair.key};"]
    directives = [listen.directive for listen in listens if listen.directive is not None]
    changes = [_listen_edit(listen, port) for listen in listens]
    if words:
        changes.append(edits.replace_directive(words[0], name_line))
    else:
        files.insert(0, name_line)
    changes.append(edits.insert_after(file.text, directives[-1], files))
    place = "$host" if port == 443 else f"$host:{port}"
    redirect = [
        "server {",
        *(f"    {edits.one_line(file.text, directive)}" for directive in directives),
        f"    {name_line}",
        f"    return 301 https://{place}$request_uri;",
        "}",
        "",
    ]
    return [edits.insert_before(file.text, own.block, redirect), *changes]


def _listen_edit(listen: Listen, port: int) -> TextEdit:
    directive: Directive | None = listen.directive
    assert directive is not None  # `_is_usual`
    return edits.replace_directive(directive, f"listen {written_listen(listen.address, port)} ssl;")
