"""An nginx in a container, as the server lists it. Docker does not run here: its words are given.
What is read through /proc/PID/root is tested in tests/machine/test_container.py."""

import json
import re
import shlex
from collections.abc import Mapping

import pytest

from diagnose.machine import CommandResult
from diagnose.model.containers import ContainerPort, NginxContainer
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxState, NginxTest
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.server_blocks import servers, sockets
from diagnose.probes import Probe
from diagnose.probes.in_container import InContainer, context_of
from diagnose.probes.inside import nginx as probes
from diagnose.probes.inside.containers import SCRIPT
from diagnose.probes.inside.nginx_container import BUILD_SCRIPT, published_listens
from diagnose.probes.inside.nginx_processes import LIST_COMMAND
from tests.checks.upstream.test_container_loopback import OWN
from tests.probes.inside.test_nginx import STAT, VERSION
from tests.support.fake_context import Looking, looked
from tests.support.recorded_machine import RecordedMachine

ID = "5e" * 32
LISTED = {
    "ID": ID,
    "Names": "proxy",
    "Image": "nginx:1.27",
    "Networks": "web",
    "State": "running",
    "Ports": "0.0.0.0:443->8443/tcp, [::]:443->8443/tcp, 0.0.0.0:80->8080/tcp",
}
PROXY = (
    "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
    'LISTEN 0 4096 0.0.0.0:443 0.0.0.0:* users:(("docker-proxy",pid=900,fd=4))\n'
)
OWN_NGINX = PROXY.replace("docker-proxy", "nginx")
NAMESPACE = f"pid 10\ncomm nginx\ncgroup 0::/docker/{ID}\n0: 00000000:20FB 00000000:0000 0A\n"
TITLE = "nginx: master process nginx -g daemon off;"
FILES = {
    "/etc/nginx/nginx.conf": "events {}\nhttp { include conf.d/*.conf; }\n",
    "/etc/nginx/conf.d/shop.conf": (
        "server { listen 8443 ssl; server_name shop.example.com; ssl_certificate shop.pem; }\n"
        "server { listen [::]:8080; }\n"
    ),
}


def listing(user: int = 0) -> str:
    stat = STAT.format(pid=10, parent=9, ticks=100)
    return (
        "1000.5\n500.5 900.0\nmnt:[1]\nself 0\nown root 65024:2\nown pid pid:[1]\nown net net:[1]\n"
        "program /usr/sbin/nginx\n"
        f"process {stat}\n{TITLE}\n/usr/sbin/nginx\nmnt:[2]\nuser {user}\n"
        f"its root 0:51:77\nits pid pid:[2]\nits net net:[2]\nits cgroup 0::/docker/{ID}\n"
        "its mount 0:51 / /\nits mount 254:0 /srv/conf.d /etc/nginx/conf.d\n"
        "own mount 254:0 / /\n"
    )


class Server(RecordedMachine):
    """Answers what is asked of files of the container, too, as the script does."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        head = re.match(r"pid=10 token=(\w+) limit=\d+\n", argv[2]) if argv[0] == "sh" else None
        if head is None:
            return await super().run(*argv, timeout=timeout)
        pattern = re.escape(argv[4]).replace(r"\*", "[^/]*")
        found = {path: text for path, text in FILES.items() if re.fullmatch(pattern, path)}
        found = found or {argv[4]: ""}
        parts = (
            f"\n{head[1]} {'ok 9.5' if path in FILES else 'missing 0'} {path}\n{text}"
            for path, text in found.items()
        )
        return CommandResult(argv, 0, f"\n{head[1]} item\n{''.join(parts)}", "", 0.0)


def looking(
    listed: Mapping[str, str] | None = LISTED,
    ss: str = PROXY,
    user: int = 0,
    net: str = NAMESPACE,
    listed_processes: str = "",
) -> tuple[Looking, Server]:
    engine = f"\n@@@ docker\n{json.dumps(listed)}\n" if listed else ""
    server = Server(
        {
            shlex.join(LIST_COMMAND): listed_processes or listing(user),
            "ss -ltnpe": ss,
            shlex.join(("sh", "-c", SCRIPT, "sh")): f"{engine}\n@@@ net\n{net}",
            shlex.join(("sh", "-c", BUILD_SCRIPT, "sh", "10")): VERSION,
            "docker exec proxy /usr/sbin/nginx -t": "",
        }
    )
    return looked(server, probes.nginx), server


def test_it_is_read_as_one_outside() -> None:
    look, _ = looking()
    (master,) = look.observed(NginxState)[0].own_masters
    assert (master.pid, master.container) == (10, ("docker", "exec", "proxy"))
    (container,) = look.observed(NginxContainer)
    assert (container.name, container.networks) == ("proxy", ("web",))
    assert container.inner_port(443) == 8443
    assert container.source_of("/etc/nginx/conf.d/shop.conf") == "/srv/conf.d/shop.conf"
    assert container.source_of("/etc/nginx/nginx.conf") == ""
    assert look.observed(NginxBuild)[0].version == "nginx/1.26.3"
    (config,) = look.observed(NginxConfig)
    assert [file.path for file in config.files] == list(FILES)
    (test,) = look.observed(NginxTest)
    assert test.passed
    assert config.equivalent == test.equivalent[:-1] + "T"
    # Visitors reach 8443 as 443.
    assert sockets(servers(config.main), 443)[0].ssl
    assert sockets(servers(config.main), 80)


def test_its_program_is_run_by_the_engine_only() -> None:
    _, server = looking()
    assert "docker exec proxy /usr/sbin/nginx -t" in server.commands_run
    unknown = NAMESPACE.replace("20FB", "01BB")
    look, server = looking(listed=None, net=unknown)
    assert look.observed(NginxConfig)
    assert not look.observed(NginxTest)
    assert not [command for command in server.commands_run if "nsenter" in command]


@pytest.mark.parametrize(
    ("listed", "ss", "user"),
    [
        (LISTED, OWN_NGINX, 0),
        ({**LISTED, "Ports": "0.0.0.0:8080->8080/tcp"}, PROXY, 0),
        (None, PROXY, 1000),
    ],
    ids=["the server's own has the port", "another port is published", "a stranger's"],
)
def test_an_nginx_that_visitors_do_not_reach_is_left_alone(
    listed: Mapping[str, str] | None, ss: str, user: int
) -> None:
    look, _ = looking(listed, ss, user, NAMESPACE.replace("20FB", "01BB"))
    assert not look.observed(NginxContainer)
    assert look.observed(NginxState)[0].masters[0].foreign


def test_the_servers_ports_stand_in_the_configuration() -> None:
    container = OWN.__class__(pid=1, ports=(ContainerPort(443, 8443), ContainerPort(80, 80)))
    main = parse("http { server { listen 0.0.0.0:443 ssl; listen 80; } }", "/n.conf")
    published = servers(published_listens(main, container, 8443))
    assert sockets(published, 8443)[0].ssl
    assert sockets(published, 80)
    # 443:80 beside a block that listens on 443 itself: they are not mixed.
    crossed = OWN.__class__(pid=1, ports=(ContainerPort(80, 443),))
    both = parse("http { server { listen 443 ssl; } server { listen 80; } }", "/n.conf")
    assert published_listens(both, crossed, 443) == both


def test_probes_of_what_is_beside_nginx_look_from_its_container() -> None:
    async def work(*_: object) -> None: ...

    look, server = looking()
    inner = look.machine
    outer = Looking(server)
    assert context_of(Probe("inside.logs.error_logs", None, work), outer, None) is outer
    for name, kind in (
        ("logs", InContainer),
        ("firewall", Looking),
        ("other_listeners", type(None)),
    ):
        ctx = context_of(Probe(f"inside.{name}.x", None, work), outer, inner)  # type: ignore[arg-type]
        assert type(ctx) is kind
    ctx = InContainer(outer, inner)  # type: ignore[arg-type]
    for before, after in (
        ("curl http://app/", "docker exec proxy curl http://app/"),
        ("docker logs proxy", "docker logs proxy"),
        ("a | b", "docker exec proxy sh -c 'a | b'"),
        ("", ""),
    ):
        assert ctx.emit(NginxState(installed=True, equivalent=before)).equivalent == after


def test_an_nginx_whose_network_alone_is_its_own_is_in_no_container() -> None:
    """PrivateNetwork= of its unit: its files are the server's, and its service reloads it."""
    net = "pid 10\ncomm nginx\ncgroup 0::/system.slice/nginx.service\n0: 00000000:01BB 0:0 0A\n"
    text = (
        listing()
        .replace("its root 0:51:77\nits pid pid:[2]", "its root 65024:2\nits pid pid:[1]")
        .replace(f"0::/docker/{ID}", "0::/system.slice/nginx.service")
    )
    look, _ = looking(None, "", net=net, listed_processes=text)
    (container,) = look.observed(NginxContainer)
    assert (container.own_network, container.service) == (True, "nginx.service")
    assert container.title == "nginx.service"
    (master,) = look.observed(NginxState)[0].own_masters
    assert (master.unit, master.container) == ("nginx.service", ())
    assert look.observed(NginxConfig)
