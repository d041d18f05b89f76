"""The names in the configuration of Apache, Caddy, HAProxy and Traefik, for a command line that
names no site. The usual files are read; a run reads the configuration in force by itself. A server
for one site alone often has no name in its files: its certificate has it."""

import re
from collections.abc import Collection, Iterable, Iterator

from diagnose.machine import Machine
from diagnose.parsers.caddy.caddyfile import blocks_of
from diagnose.parsers.hostnames import is_address, is_host
from diagnose.parsers.pem import certificates

#: Maximum number of files, of characters of each, and of names.
_MAX_FILES, _MAX_TEXT, _MAX_NAMES = 200, 200_000, 50
#: Maximum number of paths of certificates that are read.
_MAX_PATHS = 20
_APACHE = (
    "/etc/apache2/sites-enabled/*", "/etc/httpd/conf.d/*.conf", "/etc/apache2/vhosts.d/*.conf",
    "/etc/httpd/conf/httpd.conf",
)  # fmt: skip
_CADDY = ("/etc/caddy/Caddyfile", "/etc/caddy/*.caddy", "/etc/caddy/*/*")
_HAPROXY = ("/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*.cfg")
_TRAEFIK = ("/etc/traefik/*.y*ml", "/etc/traefik/*.toml", "/etc/traefik/*/*")

_SERVER_NAME = re.compile(r"(?im)^[ \t]{0,40}ServerName[ \t]{1,20}(?:https?://)?([\w.-]{3,255})")
_HOST_CRITERION = re.compile(
    r"(?:hdr(?:_dom)?\(host\)|req\.s?hdr\(host\)|ssl_fc_sni|req[._]ssl_sni)"
    r"[^\n{}#]{0,60}?[ \t]((?:[\w-]{1,63}\.)+[a-z]{2,63})"
)
_HOST_RULE = re.compile(r"\bHost(?:SNI)?\(([^)\n]{1,500})\)")
#: The path of a certificate: `crt` of HAProxy, `tls` of Caddy, SSLCertificateFile of Apache, and
#: `certFile` of Traefik.
_CERTIFICATE = re.compile(
    r"(?im)^(?:[ \t]{0,40}bind[ \t][^#\n]{1,300}?[ \t]crt|[ \t]{0,40}(?:tls|SSLCertificateFile)"
    r"|[ \t-]{0,40}certFile:)[ \t]{1,20}[\"']?(/[\w./@+-]{1,300})"
)
_QUOTED = re.compile(r"[`'\"]([\w.-]{3,255})[`'\"]")


async def site_names(machine: Machine, products: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names, in the order in which they stand; () if nothing can be read. `products` are
    the servers that are meant, all if empty."""
    names: dict[str, None] = {}
    for product, patterns, read in (
        ("apache", _APACHE, _of_apache), ("caddy", _CADDY, _of_caddy),
        ("haproxy", _HAPROXY, _of_haproxy), ("traefik", _TRAEFIK, _of_traefik),
    ):  # fmt: skip
        if products and product not in products:
            continue
        files = [file for pattern in patterns for file in await machine.read_all(pattern)]
        texts = [
            (file.path, file.text[:_MAX_TEXT]) for file in files[:_MAX_FILES] if not file.failure
        ]
        own = [name for name in map(str.lower, read(texts)) if _is_public(name)]
        names.update(dict.fromkeys(own or await _certificate_names(machine, texts)))
    return tuple(names)[:_MAX_NAMES]


async def _certificate_names(machine: Machine, texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names in the certificates of files that name no site. `crt` may be a folder."""
    paths = dict.fromkeys(path for _, text in texts for path in _CERTIFICATE.findall(text))
    names: list[str] = []
    for path in tuple(paths)[:_MAX_PATHS]:
        read = await machine.read_all(path)
        if all(file.failure for file in read):
            read = await machine.read_all(f"{path.rstrip('/')}/*")
        for file in read[:_MAX_FILES]:
            leaf = certificates(file.text[:_MAX_TEXT])[0][:1] if not file.failure else ()
            names += [name.lower() for certificate in leaf for name in certificate.dns_names]
    return [name for name in names if _is_public(name)]


def _is_public(name: str) -> bool:
    """Return whether visitors may type a name."""
    is_inner = name.endswith((".localhost", ".localdomain", ".local"))
    return "." in name and not is_inner and is_host(name) and not is_address(name)


def _of_apache(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    for _, text in files:
        yield from _SERVER_NAME.findall(text)


def _of_caddy(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    for block in blocks_of(files):
        for address in block.addresses:
            host = address.removeprefix("https://").removeprefix("http://")
            yield host.partition("/")[0].partition(":")[0]


def _of_haproxy(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    for _, text in files:
        for line in text.splitlines():
            yield from _HOST_CRITERION.findall(line.partition("#")[0])


def _of_traefik(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    for _, text in files:
        for rule in _HOST_RULE.findall(text):
            yield from _QUOTED.findall(rule)
