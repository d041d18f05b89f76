"""Detects whether a machine is the target's server, from the names that its web servers serve."""

import asyncio
import posixpath
import re
from collections.abc import Callable, Iterable
from time import time as now

from diagnose.machine import FileContent, Machine
from diagnose.model import Target
from diagnose.model.http import Exchange, header
from diagnose.parsers.access_log import local_epoch
from diagnose.parsers.hostnames import covers
from diagnose.parsers.linux.sockets import peers
from diagnose.parsers.nginx.install_paths import CONFIG_FOLDERS, PANEL_SITE_FOLDERS
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.tunnels import ends_of_config
from diagnose.parsers.urls import Url, parse_url

#: A distribution's folder holds much besides: only what its main file includes is read.
CONFIG_PATTERNS = (
    "/etc/nginx/nginx.conf",
    "/etc/nginx/conf.d/*.conf",
    "/etc/nginx/sites-enabled/*",
    *(f"{folder}/**/*.conf" for folder in CONFIG_FOLDERS if folder != "/etc/nginx"),
    *(f"{folder}/*.conf" for folder in PANEL_SITE_FOLDERS),
)
APACHE_PATTERNS = (
    "/etc/apache2/sites-enabled/*",
    "/etc/apache2/vhosts.d/*.conf",
    "/etc/httpd/conf/httpd.conf",
    "/etc/httpd/conf.d/*.conf",
    "/usr/local/apache2/conf/httpd.conf",
)
CADDY_PATTERNS = ("/etc/caddy/Caddyfile", "/etc/caddy/*.caddy", "/etc/caddy/*/*")
TUNNEL_PATTERNS = {
    "cloudflared": ("/etc/cloudflared/config.yml", "/root/.cloudflared/config.yml"),
    "frpc": ("/etc/frp/frpc.toml", "/etc/frp/frpc.ini"),
}
HAPROXY_PATTERNS = ("/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*.cfg")

#: Files that are read at the most, and of one server how deep its files include others.
MAX_FILES = 500
MAX_DEPTH = 3
#: Most folders and files of HAProxy that hold names, and lines of such a file.
MAX_NAMING, MAX_LINES = 8, 20_000

#: The connections of a machine (proc(5)), and the ports at which web servers are asked.
CONNECTION_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
WEB_PORTS = (80, 443, 8080, 8443)
#: The port of http, and most ports at which this machine is asked for the page.
HTTP_PORT, MAX_ASKED = 80, 4

#: Where web servers log requests (packages of Debian and Red Hat). Of so many logs the last lines
#: are read; this run wrote those that are no older, in seconds.
ACCESS_LOGS = (
    "/var/log/nginx/*access*log",
    "/var/log/apache2/*access*log",
    "/var/log/httpd/*access_log",
)
MAX_LOGS, MAX_REQUESTS, RECENT_S = 20, 40, 30.0
_WRITTEN = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]", re.ASCII)

_SERVER_NAMES = re.compile(r"^[ \t]*server_name\s+([^;{}]{1,4000});", re.MULTILINE)
_SERVER_NAME = re.compile(r"^[ \t]*server_name\s", re.MULTILINE)
#: The folder or the file of a certificate is mostly called as the site:
#: /etc/letsencrypt/live/shop.example.com/fullchain.pem, /etc/ssl/shop.example.com.pem.
_CERTIFICATE = re.compile(r"^[ \t]*ssl_certificate\s+[\"']?(\S{1,300})", re.MULTILINE)
#: A line with the port at which a server listens; a site of Caddy that has nothing but a port.
_PORT = re.compile(
    r"^[ \t]*(?:listen|bind)[ \t]+(?:\S{1,60}:)?(\d{2,5})\b"
    r"|^(?:http://)?:(\d{2,5})(?:,[^{}\n]{0,300})?[ \t]*\{[ \t]*$",
    re.MULTILINE | re.I,
)
_INCLUDE = re.compile(r"(?:^|[;{])[ \t]*include[ \t]+[\"']?([^\s;\"']{1,500})", re.MULTILINE)
_SERVER_ALIAS = re.compile(r"^[ \t]*Server(?:Name|Alias)[ \t]+(.{1,4000})$", re.MULTILINE | re.I)
#: The addresses of a site begin a line and end with its brace.
_SITE_ADDRESSES = re.compile(r"^(\S[^{}\n#]{0,4000})\{[ \t]*$", re.MULTILINE)
#: A condition on the name of a request or of a TLS handshake.
_HOST_CONDITION = re.compile(
    r"^[ \t]*(?:acl|use_backend|use-server|http-request)\b.{0,200}?"
    r"(?:hdr(?:_\w{1,5})?\(host|req[._]ssl_sni|ssl_fc_sni)(.{1,4000})$",
    re.MULTILINE | re.I,
)
#: The certificates of Apache, Caddy and HAProxy: `SSLCertificateFile`, `tls`, `bind … crt`, which
#: may be a folder.
_CERTIFICATES = re.compile(
    r"(?:\bcrt|^[ \t]*SSLCertificateFile|^[ \t]*tls)[ \t]+[\"']?(/[^\s\"']{1,300})",
    re.MULTILINE | re.I,
)
#: Files of HAProxy that hold names: of a map, of a condition, of certificates.
_NAME_FILES = re.compile(
    r"\bmap(?:_\w{1,8})?\((/[^,)\s]{1,300})|[ \t](?:-f|crt-list)[ \t]+(/\S{1,300})"
)


async def serves(machine: Machine, name: str) -> bool:
    """Whether a configuration file of nginx, Apache, Caddy or HAProxy on this machine names the
    host as one of its sites."""
    served = await asyncio.gather(
        _serves_by_nginx(machine, name),
        _serves_by(
            machine, name, APACHE_PATTERNS, lambda text: _is_named(_SERVER_ALIAS, text, name)
        ),
        _serves_by(
            machine, name, CADDY_PATTERNS, lambda text: _is_named(_SITE_ADDRESSES, text, name)
        ),
        _serves_by_haproxy(machine, name),
        _serves_by_tunnel(machine, name),
    )
    return any(served)


async def _serves_by_nginx(machine: Machine, name: str) -> bool:
    """Look into the known folders, then into those that these files include."""
    patterns: Iterable[str] = CONFIG_PATTERNS
    read_paths: set[str] = set()
    for _ in range(MAX_DEPTH):
        files = await _files(machine, patterns, read_paths)
        if any(names(file.text, name) for file in files):
            return True
        read_paths.update(file.path for file in files)
        patterns = dict.fromkeys(
            posixpath.join("/etc/nginx", pattern)
            for file in files
            for pattern in _INCLUDE.findall(file.text)
        )
        if not patterns:
            break
    return False


async def _serves_by(
    machine: Machine, name: str, patterns: Iterable[str], is_named: Callable[[str], bool]
) -> bool:
    files = await _files(machine, patterns, set())
    return any(is_named(file.text) or _has_certificate(file.text, name) for file in files)


async def _serves_by_haproxy(machine: Machine, name: str) -> bool:
    """Look for the name in conditions and certificates, then in the folders and files that they
    name."""
    files = await _files(machine, HAPROXY_PATTERNS, set())
    texts = [file.text for file in files]
    if any(
        _is_named(_HOST_CONDITION, text, name) or _has_certificate(text, name) for text in texts
    ):
        return True
    folders = {path.rstrip("/") for text in texts for path in _CERTIFICATES.findall(text)}
    inner = await asyncio.gather(
        *(machine.glob(f"{folder}/*") for folder in sorted(folders)[:MAX_NAMING])
    )
    if any(_is_in_path(path, name.lower()) for paths in inner for path in paths[:MAX_FILES]):
        return True
    groups = (group for text in texts for group in _NAME_FILES.findall(text))
    paths = sorted({path for group in groups for path in group if path})
    naming = await asyncio.gather(*(machine.read(path) for path in paths[:MAX_NAMING]))
    return any(_is_listed(file.text, name) for file in naming)


async def _serves_by_tunnel(machine: Machine, name: str) -> bool:
    """Look for the name in the configuration of a tunnel that ends here."""
    for program, patterns in TUNNEL_PATTERNS.items():
        for file in await _files(machine, patterns, set()):
            ends = ends_of_config(program, file.text)
            if any(_matches(served, name.lower()) for end in ends for served in end.names):
                return True
    return False


async def is_asked(machine: Machine, page: Exchange, target: Target) -> bool:
    """Whether the address that visitors reach asks a web server of this machine: a load balancer is
    there, or a gateway that leads the address to this machine.

    This run's own request in a log shows it. Of a web server that names no site at all, so does a
    connection that came from that address. A balancer may ask from another one: then it is a
    redirect of the page to itself that this server sends, too, asked as a balancer asks.
    """
    if await _logs_visit(machine, page):
        return True
    tables = await asyncio.gather(*(machine.read(path) for path in CONNECTION_TABLES))
    asking = {peer for table in tables if table.text for peer in peers(table.text)}
    texts = await _web_server_texts(machine)
    ports = {*WEB_PORTS, target.port, *_plain_ports(texts)}
    asked = {port for port, _ in asking if port in ports}
    if not asked or not _names_no_site(texts):
        return False
    if any(address == page.address for port, address in asking if port in ports):
        return True
    if not leads_to_itself(page):
        return False
    answers = [
        await _sends(machine, page, port) for port in sorted({HTTP_PORT, *asked})[:MAX_ASKED]
    ]
    return any(answers)


async def _logs_visit(machine: Machine, page: Exchange) -> bool:
    """Whether an access log of this machine has the page's request, which the machine at the
    address passed on."""
    matches = await asyncio.gather(*(machine.glob(pattern) for pattern in ACCESS_LOGS))
    paths = [path for group in matches for path in group][:MAX_LOGS]
    url = parse_url(page.url)
    if not paths or url is None:
        return False
    result = await machine.run("tail", "-q", "-n", str(MAX_REQUESTS), "--", *paths)
    words = (f'"{page.method} {url.path} ', f'" {page.status} ', "diagnose/")
    return any(
        line.startswith(f"{page.address} ")
        and all(word in line for word in words)
        and (written := _WRITTEN.search(line)) is not None
        and abs(now() - (local_epoch(written[1]) or 0.0)) <= RECENT_S
        for line in result.out.splitlines()
    )


async def has_certificate(machine: Machine, target: Target, cafile: str | None) -> bool:
    """Whether this machine's own port has a certificate for the name that browsers accept."""
    from diagnose.net.tls import secure
    from diagnose.net.trusted_roots import trust
    from diagnose.probes.inside.local_answers import PATIENCE
    from diagnose.probes.outside.tls_attempts import parse_certificates

    attempt = await machine.connect("127.0.0.1", target.port, PATIENCE)
    if attempt.stream is None:
        return False
    trusted = await asyncio.wrap_future(trust(cafile))
    result = await secure(attempt.stream, trusted.context, target.host, PATIENCE)
    if result.stream is None or trusted.empty:
        return False
    result.stream.close()
    leaves = await parse_certificates(result.chain[:1])
    return any(covers(target.host, leaf.dns_names, leaf.addresses) for leaf in leaves)


async def _sends(machine: Machine, page: Exchange, port: int) -> bool:
    """Whether this machine's answer to the page's request over http is that of visitors."""
    from diagnose.net.http import Http1Connection, get
    from diagnose.probes.inside.local_answers import FORWARDED, PATIENCE

    url = parse_url(page.url)
    attempt = await machine.connect("127.0.0.1", port, PATIENCE) if url else None
    if url is None or attempt is None or attempt.stream is None:
        return False
    asked = str(Url("http", url.host, HTTP_PORT, url.path))
    result = await get(Http1Connection(attempt.stream, PATIENCE), asked, PATIENCE, FORWARDED)
    attempt.stream.close()
    own = header(result.headers, "Location")
    return result.status == page.status and own == page.header("Location")


async def _web_server_texts(machine: Machine) -> list[str]:
    patterns = (*CONFIG_PATTERNS, *APACHE_PATTERNS, *CADDY_PATTERNS, *HAPROXY_PATTERNS)
    return [file.text for file in await _files(machine, patterns, set())]


def _plain_ports(texts: Iterable[str]) -> frozenset[int]:
    """Return the ports that web servers are given in lines of their own (`listen 8080;`, `Listen
    8080`, `bind :8080`, `:8080 {`)."""
    return frozenset(
        int(number)
        for text in texts
        for match in _PORT.finditer(text)
        for number in match.groups()
        if number
    )


def _names_no_site(texts: Iterable[str]) -> bool:
    named = (
        word
        for text in texts
        for pattern in (_SERVER_NAMES, _SERVER_ALIAS, _SITE_ADDRESSES, _HOST_CONDITION)
        for match in pattern.finditer(text)
        for word in re.split(r"[\s,{}();]+", match[1])
    )
    return not any("." in _bare_name(word) for word in named)


def _is_listed(text: str, name: str) -> bool:
    """Return whether a line of a map or a list begins with the name, or has its certificate."""
    lines = (line.split() for line in text.lower().splitlines()[:MAX_LINES])
    return any(
        words
        and not words[0].startswith("#")
        and (_matches(_bare_name(words[0]), name.lower()) or _is_in_path(words[0], name.lower()))
        for words in lines
    )


def _has_certificate(text: str, name: str) -> bool:
    return any(_is_in_path(path, name.lower()) for path in _CERTIFICATES.findall(text))


async def _files(
    machine: Machine, patterns: Iterable[str], read_paths: set[str]
) -> list[FileContent]:
    """Return the files that match and were not read yet."""
    chosen = list(patterns)[:MAX_FILES]
    matches = await asyncio.gather(*(machine.glob(pattern) for pattern in chosen))
    paths = dict.fromkeys(path for group in matches for path in group if path not in read_paths)
    return await asyncio.gather(*(machine.read(path) for path in list(paths)[:MAX_FILES]))


def names(text: str, host: str) -> bool:
    """Whether a server_name in the text of an nginx configuration matches the host, wildcards
    included, or the path of a certificate has it: its block may be for every name."""
    if any(_is_in_path(path, host.lower()) for path in _CERTIFICATE.findall(text)):
        return True
    for statement in re.split(r"[;{}]", text):
        if "server_name" not in statement:
            continue
        directive = _SERVER_NAME.search(statement)
        words = statement[directive.end() :] if directive else ""
        if any(
            _matches(server_name.strip("\"'"), host.lower())
            for server_name in words.lower().split()
        ):
            return True
    return False


def _is_in_path(path: str, host: str) -> bool:
    folders, file = posixpath.split(path.lower())
    is_file = file.rpartition(".")[0] == host
    return "." in host and (is_file or host in folders.split("/"))


def _is_named(pattern: re.Pattern[str], text: str, host: str) -> bool:
    """Whether one of the places that the pattern finds has the host among its names."""
    return any(
        _matches(_bare_name(word), host.lower())
        for match in pattern.finditer(text)
        for word in re.split(r"[\s,{}()]+", match[1].lower())
    )


def _bare_name(word: str) -> str:
    """Return the name of "https://shop.example.com:443/path"."""
    return re.sub(r"[:/].*$", "", word.strip("\"'").partition("://")[2] or word.strip("\"'"))


def _matches(server_name: str, host: str) -> bool:
    if server_name.startswith("*."):
        return host.endswith(server_name[1:])
    if server_name.startswith("."):
        return host == server_name[1:] or host.endswith(server_name)
    return server_name == host
