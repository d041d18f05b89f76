"""The server block has another name of the same site, such as that with "www.", and the certificate
that visitors get is not for it. The target's own name is right, so that this is a note: whether
anybody uses the other name, its DNS records decide.

Certbot asks only for the names that it was given (certbot(1), -d), and a name that came later into
`server_name` is not in the certificate (ngx_http_core_module, "server_name").
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.nginx import NginxConfig
from diagnose.model.tls import Handshake, served_certificates
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.nginx.config import children

#: Names that are listed in the text.
_SHOWN = 6


@check(severity=Severity.NOTE, needs=[NginxConfig, Handshake])
def name_without_certificate(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    served = served_certificates(evidence, lambda handshake: handshake.port == target.port)
    servers = {id(selected.server.block): selected.server for selected in nginx.selected_servers()}
    if len(served) != 1 or len(servers) != 1 or is_address(target.host):
        return
    leaf, (server,) = served[0].leaf, servers.values()
    if not covers(target.host, leaf.dns_names, leaf.addresses) or "names" in leaf.unread:
        return
    uncovered = [
        name
        for name in server.names
        if _is_of_site(name, target.host) and not covers(name, leaf.dns_names, leaf.addresses)
    ]
    if not uncovered:
        return
    directive = next(iter(children(server.block, "server_name")), server.block)
    yield Claim(
        about=Subject(port=target.port, text=f"server_name {uncovered[0]}"),
        because=(*served[0].handshakes, *nginx.configs),
        location=nginx.location(directive),
        facts={
            "name": target.host,
            "uncovered": tuple(uncovered[:_SHOWN]),
            "covered": leaf.dns_names[:_SHOWN],
            "place": file_line(directive),
        },
        fix=Fix((Manual("cover", Where.SERVER),), Applicability.MANUAL),
    )


def _is_of_site(name: str, host: str) -> bool:
    """Return whether a word of `server_name` is the host with or without "www.", or below it."""
    bare = host.removeprefix("www.")
    is_literal = not name.startswith(("~", "*", ".")) and not name.endswith("*")
    return is_literal and name != host and (name == bare or name.endswith(f".{bare}"))
