"""Which block or site of the configuration gives visitors a package's default page, and which one
has the site's name and its pages on another port."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._default_blocks import has_pages
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.port_holder import other_program
from diagnose.model import Applicability, Evidence, Fix, Target
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_after, replace_directive
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.web_sites import answering_sites, has_name

if TYPE_CHECKING:
    from checks.http._empty_blocks import EmptyBlock

#: What a block needs to answer with TLS.
_TLS = ("ssl_certificate", "ssl_certificate_key")


@frozen
class DefaultSite:
    """The places ("file:line") of what answers, and of what has the site; "" if not known. `empty`:
    what answers is the site's own block, and has no page."""

    answering: str = ""
    own: str = ""
    fix: Fix | None = None
    empty: "EmptyBlock | None" = None


def default_site(evidence: Evidence) -> DefaultSite:
    """Return what answers with the default page, and what was meant to."""
    nginx = Nginx.of(evidence)
    blocks = {
        id(selected_server.server.block): selected_server.server
        for selected_server in nginx.selected_servers()
    }
    if len(blocks) == 1:
        (answering,) = blocks.values()
        own = [
            server
            for server in nginx.servers
            if server.block is not answering.block and _is_site(server, evidence.target)
        ]
        if len(own) != 1:
            # Imported late: few default pages come from the site's own block.
            from checks.http._empty_blocks import empty_block

            empty = empty_block(nginx, answering)
            return DefaultSite(
                file_line(answering.block), fix=empty.fix if empty else None, empty=empty
            )
        fix = _fix(nginx, answering, own[0])
        return DefaultSite(file_line(answering.block), file_line(own[0].block), fix)
    return next(_of_other_servers(evidence), DefaultSite())


def _is_site(server: Server, target: Target) -> bool:
    """Return whether a block has the name, and an application for it, and not the port."""
    return (
        target.host in server.names
        and all(listen.port != target.port for listen in server.listens)
        and has_pages(server)
        and pass_directive_of(select_location(server, "/")) is not None
    )


def _fix(nginx: Nginx, answering: Server, own: Server) -> Fix | None:
    """Move the port and the certificate to the site's block, and let the other one keep the names
    that nobody has. None where the site's block has a certificate already."""
    port = nginx.evidence.target.port
    certificate = [children(answering.block, name) for name in _TLS]
    names = children(answering.block, "server_name")
    file = nginx.file(own.block)
    listens = children(own.block, "listen")
    if not nginx.evidence.target.uses_tls:
        return None
    if any(len(lines) != 1 for lines in certificate) or children(own.block, _TLS[0]):
        return None
    if file is None or not listens or len(names) > 1:
        return None
    lines = [f"listen {' '.join(words)};" for words in _listens(answering, port)]
    lines += [f"{line[0].name} {line[0].args[0]};" for line in certificate]
    changes: Changes = {own.block.file: [insert_after(file.text, listens[-1], lines)]}
    if names and nginx.evidence.target.host in names[0].args:
        others = [name for name in names[0].args if name != nginx.evidence.target.host]
        written = f"server_name {' '.join(others or ['_'])};"
        changes.setdefault(names[0].file, []).append(replace_directive(names[0], written))
    edits = config_edits(nginx, changes)
    return Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW) if edits else None


def _listens(server: Server, port: int) -> Iterator[list[str]]:
    """Yield the words of a block's `listen` lines for the port, but those that one block has."""
    for listen in server.listens:
        if listen.port == port and listen.directive is not None:
            yield [listen.directive.args[0], *_kept_parameters(listen.directive)]


def _kept_parameters(listen: Directive) -> list[str]:
    return [word for word in listen.args[1:] if word in {"ssl", "http2", "quic"}]


def _of_other_servers(evidence: Evidence) -> Iterator[DefaultSite]:
    target = evidence.target
    for config in evidence.good(WebServerConfig):
        if _has_not_the_port(evidence, config):
            continue
        answering = answering_sites(config, target.port, target.host)
        own = [
            site
            for site in config.sites
            if site not in answering and site.names != ("*",) and has_name(site, target.host)
            if not site.listens_on(target.port)
            if any(route.target not in {"", "!"} for route in site.routes)
        ]
        if len(answering) == 1:
            fix = _moved_certificate(evidence, answering[0], own[0]) if len(own) == 1 else None
            yield DefaultSite(_place(answering[0]), _place(own[0]) if len(own) == 1 else "", fix)


def _has_not_the_port(evidence: Evidence, config: WebServerConfig) -> bool:
    """Return whether another program has the target's port than this configuration's."""
    port = evidence.target.port
    return bool(other_program(evidence)) and not any(
        server.product == config.product and port in server.ports
        for server in evidence.good(WebServer)
    )


def _moved_certificate(evidence: Evidence, answering: WebSite, own: WebSite) -> Fix | None:
    """Give the site of port 80 the certificate of the one that answers, if it covers the name and
    that one does not have the name, too."""
    from checks.server import server_view
    from checks.server._covering_sites import covering_site
    from checks.server._tls_blocks import block_fix, plain_site

    view = server_view(evidence)
    if view is None or plain_site(view) is not own or evidence.target.host in answering.names:
        return None
    certificate, key = answering.paths("certificate"), answering.paths("key")
    if len(certificate) != 1 or len(key) != 1 or covering_site(view, [answering]) is None:
        return None
    lines = (f"SSLCertificateFile {certificate[0]}", f"SSLCertificateKeyFile {key[0]}")
    return block_fix(view, own, lines)


def _place(site: WebSite) -> str:
    return f"{site.file}:{site.line}" if site.file else ""
