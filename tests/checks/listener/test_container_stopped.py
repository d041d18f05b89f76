"""Docker does not run here: what it says is given as literals."""

import shlex
from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Vantage
from diagnose.model.containers import (
    BindMount,
    ComposeService,
    Container,
    ContainerPort,
    Containers,
)
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.firewall_rules import connected, host, listening
from tests.support.nginx_evidence import config

CHECK = "listener.container-stopped"
EMERG = 'nginx: [emerg] host not found in upstream "backend" in /etc/nginx/conf.d/shop.conf:12'
ENDED = Container(
    engine="docker",
    id="b" * 64,
    name="proxy",
    ports=(ContainerPort(443, 443, "0.0.0.0"), ContainerPort(80, 80, "0.0.0.0")),
    state="restarting",
    status="Restarting (1) 5 seconds ago",
    last_words=EMERG,
)
REFUSING = (host(), listening(22), connected(failure=REFUSED))


def docker_containers(*containers: Container) -> Containers:
    return Containers(vantage=Vantage.SERVER, engines=("docker",), containers=containers)


def test_fires_with_the_last_words_of_one_that_restarts() -> None:
    (claim,) = judge(CHECK, *REFUSING, docker_containers(ENDED))
    assert (claim.facts["last_words"], claim.facts["restarting"]) == (EMERG, True)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert any("host not found" in text for text in texts(CHECK, claim))


def test_fires_for_one_that_was_stopped() -> None:
    stopped = replace(ENDED, state="exited", status="Exited (0) 2 hours ago", last_words="bye")
    (claim,) = judge(CHECK, *REFUSING, docker_containers(stopped))
    assert claim.facts["last_words"] == ""
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ('cannot load certificate "/certs/a.pem": BIO_new_file() failed (SSL: error:8000000D:'
         "system library::Permission denied:calling fopen(/certs/a.pem, r))", "/certs/a.pem"),
        ('cannot load certificate key "/certs/a.key": BIO_new_file() failed (SSL: error:0200100D:'
         "system library:fopen:Permission denied:fopen('/certs/a.key','r'))", "/certs/a.key"),
        ('BIO_new_file("/certs/a.pem") failed (SSL: error:0200100D:system library:fopen:Permission '
         "denied)", "/certs/a.pem"),
        ('open() "/etc/nginx/conf.d/a.conf" failed (13: Permission denied)',
         "/etc/nginx/conf.d/a.conf"),
        ('cannot load certificate "/certs/a.pem": BIO_new_file() failed (SSL: error:80000002:'
         "system library::No such file or directory)", ""),
    ],
)  # fmt: skip
def test_fires_with_the_file_that_the_container_may_not_read(said: str, path: str) -> None:
    """After change 274 of nself-org/cli, issue 164 of bitnami-docker-nginx and others."""
    ended = replace(ENDED, last_words=f"nginx: [emerg] {said}")
    (claim,) = judge(CHECK, *REFUSING, docker_containers(ended))
    assert claim.facts["unreadable"] == path


def test_silent_where_the_port_is_served() -> None:
    assert not judge(CHECK, host(), listening(443), docker_containers(ENDED))
    assert not judge(CHECK, host(), listening(22), connected(), docker_containers(ENDED))
    assert not judge(CHECK, *REFUSING, docker_containers(ENDED), config())
    assert not judge(
        CHECK, *REFUSING, docker_containers(ENDED, replace(ENDED, id="c" * 64, state="running"))
    )
    assert not judge(
        CHECK, *REFUSING, docker_containers(replace(ENDED, ports=(ContainerPort(80, 80),)))
    )


def test_fires_with_the_container_that_nginx_asks_for() -> None:
    app = replace(ENDED, id="c" * 64, name="shop-backend-1", ports=(), state="exited")
    app = replace(app, status="Exited (0) 2 hours ago", last_words="")
    (claim,) = judge(CHECK, *REFUSING, docker_containers(ENDED, app))
    assert claim.facts["needed"] == "shop-backend-1"
    assert claim.fix
    assert [step.argv for step in claim.fix.steps] == [  # type: ignore[union-attr]
        ("docker", "start", "shop-backend-1"),
        ("docker", "start", "proxy"),
    ]
    assert any("shop-backend-1" in text for text in texts(CHECK, claim))


def emerg(words: str, *running: Container) -> Claim:
    ended = replace(ENDED, networks=("shop_default",), last_words=f"nginx: [emerg] {words}")
    (claim,) = judge(CHECK, *REFUSING, docker_containers(ended, *running))
    return claim


APP = replace(
    ENDED, id="c" * 64, name="shop-app-1", networks=("shop_default",), ports=(), state="running",
    status="Up 2 hours", last_words="",
)  # fmt: skip


def test_an_unknown_name_is_told_with_the_names_that_are_there() -> None:
    claim = emerg('host not found in upstream "api:3000" in /etc/nginx/conf.d/a.conf:4', APP)
    assert claim.facts["unknown_host"] == "api"
    assert claim.facts["neighbours"] == ("shop-app-1",)
    assert any("called `api`" in text and "shop-app-1" in text for text in texts(CHECK, claim))


def test_a_container_of_the_name_in_another_network_is_connected() -> None:
    apart = replace(APP, networks=("backend_default",))
    claim = emerg('host not found in upstream "app" in /etc/nginx/conf.d/a.conf:4', apart)
    steps = claim.fix.steps if claim.fix else ()
    assert [shlex.join(step.argv) for step in steps if isinstance(step, Command)] == [
        "docker network connect --alias app shop_default shop-app-1", "docker restart proxy",
    ]  # fmt: skip


def test_one_that_was_started_before_another_of_its_project_is_started_again() -> None:
    proxy = replace(
        ENDED, state="exited", status="Exited (1) 2 hours ago",
        last_words='nginx: [emerg] host not found in upstream "shop_app_1" in /etc/nginx/a.conf:4',
        compose=ComposeService("shop", "nginx"),
    )  # fmt: skip
    app = replace(APP, name="shop_app_1", networks=(), compose=ComposeService("shop", "app"))
    (claim,) = judge(CHECK, *REFUSING, docker_containers(proxy, app))
    assert claim.fix
    assert [step.argv for step in claim.fix.steps] == [("docker", "start", "proxy")]  # type: ignore[union-attr]
    assert any("`depends_on: [app]`" in text for text in texts(CHECK, claim))
    other = replace(app, compose=ComposeService("other", "app"))
    (claim,) = judge(CHECK, *REFUSING, docker_containers(proxy, other))
    assert claim.facts["too_early"] == ""
    assert not any("network connect" in text for text in texts(CHECK, claim))
    looping = replace(proxy, state="restarting")
    (claim,) = judge(CHECK, *REFUSING, docker_containers(looping, app))
    assert claim.facts["too_early"] == ""


def test_the_name_of_the_server_needs_extra_hosts() -> None:
    claim = emerg('host not found in upstream "host.docker.internal" in /etc/nginx/nginx.conf:4')
    line = 'extra_hosts: ["host.docker.internal:host-gateway"]'
    assert any(line in text for text in texts(CHECK, claim))


def test_a_missing_certificate_is_named() -> None:
    path = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
    claim = emerg(
        f'cannot load certificate "{path}": BIO_new_file() failed (SSL: error:80000002:system'
        " library::No such file or directory)"
    )
    assert claim.facts["missing_file"] == path
    assert any("/etc/letsencrypt:/etc/letsencrypt:ro" in text for text in texts(CHECK, claim))
    for words in ("bind() to 0.0.0.0:443 failed (98: Address already in use)", "unknown directive"):
        claim = emerg(words)
        assert (claim.facts["missing_file"], claim.facts["unknown_host"]) == ("", "")


FOLDER = BindMount("/etc/nginx/conf.d/default.conf", "/srv/blog/nginx.conf")
COMPOSE = ComposeService("blog", "proxy", "/srv/blog", ("/srv/blog/docker-compose.yml",))
NO_START = (
    'cannot load certificate "/certs/a.pem": PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:'
    "PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)"
)
#: What `docker inspect -f '{{.State.Error}}'` says with runc 1.1, and with runc 1.2 and later, as
#: people reported it; the paths are ours.
MOUNTING = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: error "
    'mounting "/srv/blog/nginx.conf" to rootfs at "/etc/nginx/nginx.conf": mount '
)
WRONG_KIND = (
    "Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host "
    "path exists and is the expected type"
)
REFUSED_MOUNT = (
    f"{MOUNTING}/srv/blog/nginx.conf:/etc/nginx/nginx.conf (via /proc/self/fd/6), flags: 0x5000: "
    f"not a directory: unknown: {WRONG_KIND}"
)
REFUSED_NEWER = (
    f"{MOUNTING}src=/srv/blog/nginx.conf, dst=/etc/nginx/nginx.conf, dstFd=/proc/thread-self/fd/8, "
    f"flags=MS_BIND|MS_REC: not a directory: {WRONG_KIND}"
)


@pytest.mark.parametrize(
    ("said", "folders", "point"),
    [
        ('[crit] 1#1: pread() "/etc/nginx/conf.d/default.conf" failed (21: Is a directory)',
         (FOLDER,), FOLDER.point),
        ('2026/11/30 04:54:02 [crit] 1#1: pread() "/etc/nginx/conf.d/default.conf" failed (21: '
         "Is a directory)", (FOLDER,), FOLDER.point),
        ("Error: reading config from file: read /etc/caddy/Caddyfile: is a directory", (),
         "/etc/caddy/Caddyfile"),
        (NO_START, (BindMount("/certs/a.pem", "/srv/a.pem"),), "/certs/a.pem"),
        (NO_START, (), ""),
        (REFUSED_MOUNT, (), "/etc/nginx/nginx.conf"),
        (REFUSED_NEWER, (), "/etc/nginx/nginx.conf"),
        ('open() "/etc/nginx/conf.d/default.conf" failed (2: No such file)', (FOLDER,), ""),
    ],
)  # fmt: skip
def test_fires_with_the_folder_that_an_engine_made_for_a_file(
    said: str, folders: tuple[BindMount, ...], point: str
) -> None:
    ended = replace(ENDED, last_words=said, folders=folders, compose=COMPOSE)
    (claim,) = judge(CHECK, *REFUSING, docker_containers(ended))
    assert claim.facts["folder_point"] == point
    assert claim.facts["compose"] == ("docker compose -f /srv/blog/docker-compose.yml up -d proxy")
    assert claim.facts["remove_folder"] == {
        FOLDER.point: "rmdir /srv/blog/nginx.conf", "/etc/nginx/nginx.conf":
        "rmdir /srv/blog/nginx.conf", "/certs/a.pem": "rmdir /srv/a.pem",
    }.get(point, "")  # fmt: skip


def test_the_compose_file_that_has_the_service_is_named() -> None:
    """Of several files it is not known which has the line."""
    said = 'nginx: [emerg] host not found in upstream "host.docker.internal" in /etc/nginx/a.conf:4'
    ended = replace(ENDED, last_words=said, compose=COMPOSE)
    (claim,) = judge(CHECK, *REFUSING, docker_containers(ended))
    place = "into /srv/blog/docker-compose.yml, below `services:` and `proxy:`, `extra_hosts:"
    assert any(place in text for text in texts(CHECK, claim))
    several = replace(COMPOSE, files=(*COMPOSE.files, "/srv/blog/override.yml"))
    (claim,) = judge(CHECK, *REFUSING, docker_containers(replace(ended, compose=several)))
    assert any("into the compose file, for the service" in text for text in texts(CHECK, claim))


def test_fires_with_the_name_of_the_project_and_the_old_program() -> None:
    compose = replace(COMPOSE, project="shop", old=True)
    (claim,) = judge(CHECK, *REFUSING, docker_containers(replace(ENDED, compose=compose)))
    assert claim.facts["compose"] == (
        "docker-compose -p shop -f /srv/blog/docker-compose.yml up -d proxy"
    )
