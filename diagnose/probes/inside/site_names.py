"""The names in the configuration of Apache, Caddy, HAProxy and Traefik, for a command line that
names no site. The usual files are read; a run reads the configuration in force by itself. HAProxy
need not name its sites: then the names of its certificates count."""

import re
from collections.abc import Iterable, Iterator

from diagnose.machine import Machine
from diagnose.parsers.caddy.caddyfile import blocks_of
from diagnose.parsers.hostnames import is_address, is_host

#: Maximum number of files, of characters of each, and of names.
_MAX_FILES, _MAX_TEXT, _MAX_NAMES = 200, 200_000, 50
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
_CRT = re.compile(r"(?m)^[ \t]{0,40}bind[ \t][^\n#]{0,300}?[ \t]crt[ \t]{1,20}(/[\w./@+~-]{1,300})")
#: Maximum number of files and folders of certificates that are read.
_MAX_CERTIFICATES = 20
_HOST_RULE = re.compile(r"\bHost(?:SNI)?\(([^)\n]{1,500})\)")
_QUOTED = re.compile(r"[`'\"]([\w.-]{3,255})[`'\"]")


async def site_names(machine: Machine) -> tuple[str, ...]:
    """Return the names, in the order in which they stand; () if nothing can be read."""
    names: dict[str, None] = {}
    for patterns, read in (
        (_APACHE, _of_apache), (_CADDY, _of_caddy), (_HAPROXY, _of_haproxy),
        (_TRAEFIK, _of_traefik),
    ):  # fmt: skip
        files = [file for pattern in patterns for file in await machine.read_all(pattern)]
        texts = [
            (file.path, file.text[:_MAX_TEXT]) for file in files[:_MAX_FILES] if not file.failure
        ]
        known = list(filter(_is_public, map(str.lower, read(texts))))
        if patterns is _HAPROXY and not known:
            known = await _of_certificates(machine, texts)
        names.update(dict.fromkeys(known))
    return tuple(names)[:_MAX_NAMES]


async def _of_certificates(machine: Machine, files: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names of the certificates with which HAProxy listens (`bind`, `crt`)."""
    paths = list(dict.fromkeys(path for _, text in files for path in _CRT.findall(text)))
    patterns = [
        pattern
        for path in paths[:_MAX_CERTIFICATES]
        # A folder is read by its endings: a file with one is no folder.
        for pattern in (path.rstrip("/"), f"{path.rstrip('/')}/*.pem")
    ]
    bundles = [file for pattern in patterns for file in await machine.read_all(pattern)]
    # Imported late: it loads cryptography, which few such command lines need.
    from diagnose.parsers import pem

    leaves = [
        chain[0]
        for bundle in bundles[:_MAX_CERTIFICATES]
        if not bundle.failure
        for chain, _ in [pem.certificates(bundle.text)]
        if chain
    ]
    return [name for leaf in leaves for name in map(str.lower, leaf.dns_names) if _is_public(name)]


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
