"""What a compose file has wrong is changed in it, and its container is made anew. Docker does not
run here: what it says is given as literals. A masked file has no lines to patch."""

import shlex
from dataclasses import replace

import pytest

from checks.listener._compose_edits import compose_steps, new_port_change
from diagnose.checking.registry import load_check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Finding,
    Fix,
    Manual,
    Observation,
    Vantage,
)
from diagnose.model.containers import (
    BindMount,
    ComposeFile,
    ComposeService,
    Container,
    ContainerPort,
    Containers,
    SiteMounts,
)
from diagnose.model.http import Exchange
from diagnose.model.risk import risks
from diagnose.model.server import Interface
from diagnose.model.steps import Risk
from diagnose.outputs.finding_text import remedy
from tests.checks.server.test_tunnel_own_network import PAGE, RULE
from tests.checks.upstream.test_container_loopback import APP, INSIDE, ITSELF, OWN
from tests.checks.upstream.test_refused import DOWN
from tests.support.check_evidence import evidence, judge
from tests.support.firewall_rules import listening
from tests.support.nginx_evidence import SITE, config

PATH = "/srv/shop/docker-compose.yml"
TEXT = """\
services:
  proxy:
    image: nginx
    ports:
      - "127.0.0.1:443:443"
      - "80:80"
  app:
    image: app
"""
FILE = ComposeFile(vantage=Vantage.SERVER, path=PATH, text=TEXT)
OF_PROXY = ComposeService("shop", "proxy", "/srv/shop", (PATH,))
PROXY = Container(
    engine="docker",
    id=OWN.digest,
    name="proxy",
    state="running",
    networks=("web",),
    ports=(ContainerPort(443, 443, "127.0.0.1"), ContainerPort(80, 80, "0.0.0.0")),
    compose=OF_PROXY,
)
PUBLISHED = ContainerPort(443, 443, "0.0.0.0")
MOUNTED = replace(OWN, mounts=(BindMount("/etc/nginx", "/srv/shop/nginx"),))
UP_PROXY = f"docker compose -f {PATH} up -d proxy"


def _steps(claim: Claim) -> tuple[list[str], str]:
    """The commands, and the patches."""
    steps = claim.fix.steps if claim.fix else ()
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    commands = [shlex.join(step.argv) for step in steps if isinstance(step, Command)]
    edits = [step for step in steps if isinstance(step, Edit)]
    assert all(edit.outside for edit in edits if edit.path.startswith("/srv"))
    return commands, "".join(edit.diff for edit in edits)


def _containers(*containers: Container) -> Containers:
    return Containers(
        vantage=Vantage.SERVER, engines=("docker",), containers=containers,
        namespaces=(ITSELF, INSIDE),
    )  # fmt: skip


def test_a_port_on_loopback_is_published_to_all() -> None:
    local = replace(listening(443).sockets[0], address="127.0.0.1", process="docker-proxy")
    listeners = replace(listening(443), sockets=(local,))
    (claim,) = judge("listener.loopback-only", listeners, _containers(PROXY), FILE, masked=False)
    commands, diff = _steps(claim)
    assert claim.fix
    assert risks(claim.fix.steps)[0] is Risk.OPENS_TO_ALL
    assert commands == [UP_PROXY]
    assert '-      - "127.0.0.1:443:443"\n+      - "443:443"\n' in diff


def test_a_container_that_is_made_anew_loses_what_is_in_no_volume() -> None:
    local = replace(listening(443).sockets[0], address="127.0.0.1", process="docker-proxy")
    seen = (replace(listening(443), sockets=(local,)), _containers(PROXY), FILE)
    (claim,) = judge("listener.loopback-only", *seen, masked=False)
    finding = Finding("f1", load_check("listener.loopback-only"), claim)
    assert "`up -d` makes the container anew" in remedy(finding, "en")
    again = replace(claim, fix=Fix(claim.fix.steps[1:]) if claim.fix else None)
    assert "makes the container anew" not in remedy(replace(finding, claim=again), "en")


def test_the_project_of_another_folder_has_its_name() -> None:
    local = replace(listening(443).sockets[0], address="127.0.0.1", process="docker-proxy")
    listeners = replace(listening(443), sockets=(local,))
    old = replace(PROXY, compose=replace(OF_PROXY, project="other", old=True))
    (claim,) = judge("listener.loopback-only", listeners, _containers(old), FILE, masked=False)
    assert _steps(claim)[0] == [f"docker-compose -p other -f {PATH} up -d proxy"]
    files = ("/srv/shop/.env", "/srv/shop/prod.env")
    told = replace(PROXY, compose=replace(OF_PROXY, environment=files))
    (claim,) = judge("listener.loopback-only", listeners, _containers(told), FILE, masked=False)
    given = "--env-file /srv/shop/.env --env-file /srv/shop/prod.env"
    words = f"docker compose {given} -f {PATH} up -d proxy"
    assert _steps(claim)[0] == [words]


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ((replace(PROXY, compose=None),), "docker run"),
        ((replace(PROXY, compose=replace(OF_PROXY, files=(PATH, "/b.yml"))),), "several files"),
        ((replace(PROXY, compose=replace(OF_PROXY, folder="/srv")),), "another folder"),
        ((replace(PROXY, compose=replace(OF_PROXY, service="nginx")),), "no such service"),
    ],
)
def test_no_patch(seen: tuple[Container, ...], why: str) -> None:
    local = replace(listening(443).sockets[0], address="127.0.0.1", process="docker-proxy")
    listeners = replace(listening(443), sockets=(local,))
    (claim,) = judge("listener.loopback-only", listeners, _containers(*seen), FILE)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual), why


def _apart(*more: Observation) -> tuple[list[str], str]:
    own = replace(MOUNTED, networks=("shop_default",))
    theirs = replace(APP, networks=("blog_default",))
    both = _containers(replace(PROXY, networks=("shop_default",)), theirs)
    (claim,) = judge("upstream.container-loopback", DOWN, config(), own, both, *more, masked=False)
    return _steps(claim)


def test_nginx_gets_the_network_of_another_project() -> None:
    commands, diff = _apart(FILE)
    assert commands == [UP_PROXY]
    assert "+    networks:\n+      - default\n+      - blog_default\n" in diff
    assert "+networks:\n+  blog_default:\n+    external: true\n" in diff
    assert "+        proxy_pass http://app:3000;" in diff
    # Without the file the network is connected, and nginx reloaded.
    commands, diff = _apart()
    assert commands[0] == "docker network connect blog_default proxy"
    assert "proxy_pass http://app:3000;" in diff


def test_nginx_gets_a_name_of_the_server() -> None:
    listeners = replace(listening(443), sockets=(replace(listening(3000).sockets[0], process="n"),))
    both = replace(_containers(PROXY), namespaces=(ITSELF,))
    seen = (DOWN, config(), MOUNTED, both, listeners)
    (claim,) = judge("upstream.container-loopback", *seen, FILE, masked=False)
    commands, diff = _steps(claim)
    assert commands == [UP_PROXY]
    assert '+    extra_hosts:\n+      - "host.docker.internal:host-gateway"\n' in diff
    assert "+        proxy_pass http://host.docker.internal:3000;" in diff
    # A container of `docker run` asks the server's address in its network.
    own = replace(MOUNTED, addresses=("172.17.0.3",))
    bridge = Interface(
        name="docker0", up=True, addresses=("172.17.0.1",), networks=("172.17.0.0/16",)
    )
    seen = (DOWN, config(), own, replace(both, containers=()), listeners)
    (claim,) = judge("upstream.container-loopback", *seen, bridge)
    assert "+        proxy_pass http://172.17.0.1:3000;" in _steps(claim)[1]


def test_a_port_with_tls_is_published() -> None:
    wrong = (ContainerPort(80, 443, "0.0.0.0"), ContainerPort(80, 80, "0.0.0.0"))
    text = replace(FILE, text=TEXT.replace("127.0.0.1:443:443", "443:80"))
    both = SITE + "server { listen 80; server_name shop.example.com; }\n"
    seen = (replace(OWN, ports=wrong), config(both), _containers(replace(PROXY, ports=wrong)), text)
    (claim,) = judge("listener.container-port", *seen, masked=False)
    assert '-      - "443:80"\n+      - "443:443"\n' in _steps(claim)[1]


def test_what_the_file_has_already_needs_no_patch() -> None:
    steps = compose_steps(evidence(FILE), (PROXY, new_port_change("80:80")))
    assert [shlex.join(step.argv) for step in steps if isinstance(step, Command)] == [UP_PROXY]
    assert len(steps) == 1


ENDED = replace(
    PROXY,
    state="exited",
    status="Exited (1) 2 minutes ago",
    networks=("shop_default",),
    ports=(ContainerPort(443, 443, "0.0.0.0"),),
)


def _ended(words: str, *running: Container, **more: object) -> Claim:
    ended = replace(ENDED, last_words=f"nginx: [emerg] {words}", **more)  # type: ignore[arg-type]
    seen = replace(_containers(ended, *running), namespaces=())
    nobody = replace(listening(443), sockets=())
    (claim,) = judge("listener.container-stopped", nobody, seen, FILE, masked=False)
    return claim


def test_a_container_that_ended_gets_what_it_lacks() -> None:
    words = 'host not found in upstream "host.docker.internal:3000" in /etc/nginx/a.conf:4'
    commands, diff = _steps(_ended(words))
    assert commands == [UP_PROXY]
    assert '+      - "host.docker.internal:host-gateway"' in diff
    words = 'host not found in upstream "app" in /etc/nginx/a.conf:4'
    theirs = replace(APP, networks=("blog_default",))
    commands, diff = _steps(_ended(words, theirs))
    assert commands == [UP_PROXY]
    assert "+      - blog_default\n" in diff
    # Without a compose file the other one is connected, and this one started.
    assert _steps(_ended(words, theirs, compose=None))[0] == [
        "docker network connect shop_default app", "docker start proxy",
    ]  # fmt: skip


def test_certbots_whole_folder_is_mounted() -> None:
    file = "/etc/letsencrypt/live/shop/fullchain.pem"
    words = f'cannot load certificate "{file}": BIO_new_file() failed (No such file or directory)'
    live = BindMount("/etc/letsencrypt/live", "/etc/letsencrypt/live")
    claim = _ended(words, folders=(live,))
    assert isinstance(claim.fix.steps[0], Manual) if claim.fix else False, "no such line"
    mounted = TEXT.replace(
        "  app:", "    volumes:\n      - /etc/letsencrypt/live:/etc/letsencrypt/live:ro\n  app:"
    )
    ended = replace(ENDED, last_words=f"nginx: [emerg] {words}", folders=(live,))
    seen = replace(_containers(ended), namespaces=())
    nobody = replace(listening(443), sockets=())
    text = replace(FILE, text=mounted)
    (claim,) = judge("listener.container-stopped", nobody, seen, text, masked=False)
    assert "+      - /etc/letsencrypt:/etc/letsencrypt:ro\n" in _steps(claim)[1]


def test_a_mount_leads_to_the_folder_that_has_the_files() -> None:
    mounted = TEXT.replace("  app:", "    volumes:\n      - ./html:/var/www/site\n  app:")
    own = replace(OWN, mounts=(BindMount("/var/www/site", "/srv/shop/html"),))
    empty = SiteMounts(
        folder="/var/www/site", exists=True, is_empty=True, source="/srv/shop/html",
        beside="/srv/shop/dist",
    )  # fmt: skip
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=404)
    seen = (own, empty, page, config(), _containers(PROXY), replace(FILE, text=mounted))
    (claim,) = judge("server.files-mounted-elsewhere", *seen, masked=False)
    commands, diff = _steps(claim)
    assert commands == [UP_PROXY]
    assert "-      - ./html:/var/www/site\n+      - ./dist:/var/www/site\n" in diff


def test_the_client_of_a_tunnel_gets_the_servers_network() -> None:
    text = "services:\n  tunnel:\n    image: cloudflare/cloudflared\n    restart: always\n"
    tunnel = replace(
        PROXY, name="tunnel", ports=(), networks=("shop_default",),
        compose=replace(OF_PROXY, service="tunnel"),
    )  # fmt: skip
    rule = replace(RULE, container=tunnel.id[:12])
    seen = (rule, listening(5244, process="alist"), PAGE, replace(FILE, text=text))
    (claim,) = judge("server.tunnel-own-network", *seen, _containers(tunnel), masked=False)
    commands, diff = _steps(claim)
    assert commands == [f"docker compose -f {PATH} up -d tunnel"]
    assert "+    network_mode: host\n" in diff
    # Another rule may lead to a container by its name.
    both = _containers(tunnel, replace(APP, networks=("shop_default",)))
    (claim,) = judge("server.tunnel-own-network", *seen, both, masked=False)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def _local(*inside: tuple[str, int], mapping: ContainerPort = PUBLISHED) -> Claim:
    """The application listens on the server's loopback address alone."""
    local = replace(listening(3000).sockets[0], address="127.0.0.1", process="node")
    own = replace(ITSELF, sockets=inside or (("0.0.0.0", 443),))
    both = replace(_containers(replace(PROXY, ports=(mapping,))), namespaces=(own,))
    listeners = replace(listening(443), sockets=(local,))
    text = replace(FILE, text=TEXT.replace("127.0.0.1:443", "443"))
    seen = (DOWN, config(), MOUNTED, both, listeners, text)
    (claim,) = judge("upstream.container-loopback", *seen, masked=False)
    return claim


def test_nginx_gets_the_servers_network_for_a_program_on_loopback() -> None:
    commands, diff = _steps(_local())
    assert commands == [UP_PROXY]
    assert "+    network_mode: host\n" in diff


@pytest.mark.parametrize(
    ("inside", "mapping"),
    [
        ((("0.0.0.0", 443), ("0.0.0.0", 9000)), ContainerPort(443, 443, "0.0.0.0")),
        ((("0.0.0.0", 8443),), ContainerPort(8443, 443, "0.0.0.0")),
        ((("0.0.0.0", 443),), ContainerPort(443, 443, "127.0.0.1")),
    ],
    ids=["a port that is not published", "another number", "closed on purpose"],
)
def test_the_servers_network_would_open_something(
    inside: tuple[tuple[str, int], ...], mapping: ContainerPort
) -> None:
    claim = _local(*inside, mapping=mapping)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
