"""The names in the configuration of Apache, Caddy, HAProxy and Traefik, for a command line that
names no site; and those of nginx and of routers in containers. The usual files are read; a run
reads the configuration in force by itself. A server for one site alone often has no name in its
files: its certificate has it."""

import glob
import re
from collections.abc import Collection, Iterable, Iterator

from diagnose.machine import Machine
from diagnose.parsers.caddy.caddyfile import blocks_of
from diagnose.parsers.hostnames import is_public_name
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
_NGINX = (
    "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*", "/data/nginx/proxy_host/*.conf",
    "/etc/nginx/nginx.conf",
)  # fmt: skip
#: Prints the values of VIRTUAL_HOST of the containers that run (nginx-proxy, "Usage").
_VIRTUAL_HOSTS = (
    "for id in $(docker ps -q | head -n 40); do docker inspect -f"
    " '{{range .Config.Env}}{{println .}}{{end}}' $id; done 2>/dev/null"
    " | sed -n 's/^VIRTUAL_HOST=//p'"
)

#: Prints the files and folders of the server that containers which ended have mounted.
_ENDED_MOUNTS = (
    "command -v docker >/dev/null 2>&1 || exit 0;"
    " for id in $(docker ps -aq --no-trunc --filter status=exited --filter status=restarting"
    " --filter status=created --filter status=dead | head -n 8); do docker inspect -f"
    ' \'{{range .Mounts}}{{if eq .Type "bind"}}{{.Source}}{{"\\t"}}{{.Destination}}'
    "{{println}}{{end}}{{end}}' $id; done 2>/dev/null | head -n 60"
)
#: Where a web server in a container has its files, and those of their certificates.
_SERVER_PATHS = re.compile(
    r"/etc/(?:nginx|apache2|httpd|caddy|haproxy|traefik|letsencrypt)(?:/|\Z)|/usr/local/(?:apache2/conf"
    r"|etc/haproxy|openresty)|(?:/[\w.-]{1,60})?/(?:certs?|ssl|tls)(?:/|\Z)|/data/nginx"
)

_NGINX_NAMES = re.compile(r"(?m)^[ \t]{0,40}server_name[ \t\n]{1,20}([^;{}#]{3,2000});")
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
_OF_CERTBOT = ("/etc/letsencrypt/live/*/cert.pem", "/etc/letsencrypt/live/*/fullchain.pem")
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
        own = [name for name in map(str.lower, read(texts)) if is_public_name(name)]
        names.update(dict.fromkeys(own or await _certificate_names(machine, texts)))
    if not products:
        inner = map(str.lower, await _names_of_containers(machine))
        names.update(dict.fromkeys(filter(is_public_name, inner)))
    return tuple(names)[:_MAX_NAMES]


async def _certificate_names(machine: Machine, texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names in the certificates of files that name no site. `crt` may be a folder. Where
    these cannot be read, those that certbot keeps are meant."""
    paths = dict.fromkeys(path for _, text in texts for path in _CERTIFICATE.findall(text))
    names = await _names_in(machine, tuple(paths)[:_MAX_PATHS])
    return names or (await _names_in(machine, _OF_CERTBOT) if paths else [])


async def _names_in(machine: Machine, paths: Iterable[str]) -> list[str]:
    names: list[str] = []
    for path in paths:
        read = await machine.read_all(path)
        if all(file.failure for file in read):
            read = await machine.read_all(f"{path.rstrip('/')}/*")
        for file in read[:_MAX_FILES]:
            leaf = certificates(file.text[:_MAX_TEXT])[0][:1] if not file.failure else ()
            names += [name.lower() for certificate in leaf for name in certificate.dns_names]
    return [name for name in names if is_public_name(name)]


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
    yield from _of_rules(text for _, text in files)


def _of_rules(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for rule in _HOST_RULE.findall(text):
            yield from _QUOTED.findall(rule)


async def _names_of_containers(machine: Machine) -> tuple[str, ...]:
    """Return the names of the routers that labels have, of nginx in containers, and of those by
    which nginx-proxy finds containers."""
    # Imported late: the screen needs no containers.
    from diagnose.machine.container import ContainerMachine
    from diagnose.probes.inside.containers import read_containers

    lists = await read_containers(machine)
    labels = [label for container in lists.containers for label in container.labels]
    rules = [label.value for label in labels if label.name.lower().endswith(".rule")]
    names = list(_of_rules(rules))
    for namespace in lists.namespaces:
        if "nginx" in namespace.processes:
            inner = ContainerMachine(machine, namespace.pid)
            files = [file for pattern in _NGINX for file in await inner.read_all(pattern)]
            texts = (file.text[:_MAX_TEXT] for file in files[:_MAX_FILES] if not file.failure)
            names += _of_nginx(texts)
    if not names and lists.containers:
        output = await machine.run("sh", "-c", _VIRTUAL_HOSTS)
        names += re.split(r"[\s,]+", output.out[:_MAX_TEXT])
    if not any(map(is_public_name, map(str.lower, names))):
        names = await _names_of_ended(machine)
    return tuple(names)


async def _names_of_ended(machine: Machine) -> list[str]:
    """Return the names in the files that containers which ended have mounted: of nginx, Apache,
    Caddy and Traefik, or else of certificates."""
    output = await machine.run("sh", "-c", _ENDED_MOUNTS)
    mounts = (line.partition("\t")[::2] for line in output.out[:_MAX_TEXT].split("\n"))
    sources = [source for source, point in mounts if _SERVER_PATHS.match(point)][:_MAX_PATHS]
    texts: list[tuple[str, str]] = []
    for source in dict.fromkeys(map(glob.escape, sources)):
        for pattern in (source, f"{source}/*", f"{source}/*/*"):
            files = await machine.read_all(pattern)
            texts += [(file.path, file.text[:_MAX_TEXT]) for file in files if not file.failure]
    texts = texts[:_MAX_FILES]
    caddy = [text for text in texts if "caddy" in text[0].lower()]
    names = [*_of_nginx(text for _, text in texts), *_of_apache(texts), *_of_traefik(texts)]
    names += [*_of_caddy(caddy), *_of_haproxy(texts)]
    if any(is_public_name(name.lower()) for name in names):
        return names
    leaves = (each for _, text in texts for each in certificates(text)[0][:1])
    return [name for leaf in leaves for name in leaf.dns_names]


def _of_nginx(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for words in _NGINX_NAMES.findall(text):
            yield from words.split()
