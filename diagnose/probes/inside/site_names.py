"""The names in the configuration of Apache, Caddy, HAProxy and Traefik, for a command line that
names no site; and those of nginx and of routers in containers. The usual files are read; a run
reads the configuration in force by itself."""

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

_NGINX_NAMES = re.compile(r"(?m)^[ \t]{0,40}server_name[ \t\n]{1,20}([^;{}#]{3,2000});")
_SERVER_NAME = re.compile(r"(?im)^[ \t]{0,40}ServerName[ \t]{1,20}(?:https?://)?([\w.-]{3,255})")
_HOST_CRITERION = re.compile(
    r"(?:hdr(?:_dom)?\(host\)|req\.s?hdr\(host\)|ssl_fc_sni|req[._]ssl_sni)"
    r"[^\n{}#]{0,60}?[ \t]((?:[\w-]{1,63}\.)+[a-z]{2,63})"
)
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
        names.update(dict.fromkeys(filter(_is_public, map(str.lower, read(texts)))))
    told = map(str.lower, await _names_of_containers(machine))
    names.update(dict.fromkeys(filter(_is_public, told)))
    return tuple(names)[:_MAX_NAMES]


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
    labels = [label for each in lists.containers for label in each.labels]
    rules = [label.value for label in labels if label.name.lower().endswith(".rule")]
    names = list(_of_rules(rules))
    for namespace in lists.namespaces:
        if "nginx" in namespace.processes:
            inner = ContainerMachine(machine, namespace.pid)
            files = [file for pattern in _NGINX for file in await inner.read_all(pattern)]
            texts = (file.text[:_MAX_TEXT] for file in files[:_MAX_FILES] if not file.failure)
            names += _of_nginx(texts)
    if not names and lists.containers:
        told = await machine.run("sh", "-c", _VIRTUAL_HOSTS)
        names += re.split(r"[\s,]+", told.out[:_MAX_TEXT])
    return tuple(names)


def _of_nginx(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for words in _NGINX_NAMES.findall(text):
            yield from words.split()
