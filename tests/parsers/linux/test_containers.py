"""What docker (27) and podman (4.9) print, as literals: neither runs where these tests do."""

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.containers import BindMount, ComposeService, Container, ContainerPort, Namespace
from diagnose.parsers.linux.containers import (
    container_of,
    docker_ports,
    docker_ps,
    namespace,
    podman_ps,
    with_details,
    with_health,
)

ID = "4c01db0b339c" + "0" * 52

DOCKER = (
    '{"Command":"\\"/docker-entrypoint.…\\"","CreatedAt":"2026-11-20 08:00:01 +0000 UTC",'
    f'"ID":"{ID}","Image":"nginx:1.27","Labels":"maintainer=NGINX","LocalVolumes":"0",'
    '"Mounts":"","Names":"web","Networks":"bridge",'
    '"Ports":"0.0.0.0:80-\\u003e80/tcp, [::]:80-\\u003e80/tcp, 443/tcp",'
    '"RunningFor":"4 days ago","Size":"0B","State":"running","Status":"Up 4 days"}\n'
    "WARNING: something else\n"
)

PODMAN = f"""\
[
  {{
    "AutoRemove": false,
    "Command": ["nginx", "-g", "daemon off;"],
    "Exited": false,
    "ExposedPorts": {{"80": ["tcp"], "443": ["tcp"]}},
    "Id": "{ID}",
    "Image": "docker.io/library/nginx:latest",
    "Names": ["web"],
    "Networks": ["podman"],
    "Ports": [
      {{"host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp"}}
    ],
    "State": "running"
  }}
]
"""

# /proc/PID/net/tcp and tcp6 of a container with nginx on 80 and 443, and what is told around it.
INSIDE = f"""\
pid 4242
comm nginx
comm nginx
cgroup 0::/system.slice/docker-{ID}.scope
address 127.0.0.1
address 172.17.0.2
address 172.17.0.2
address 00000000000000000000000000000001
address fe80000000000000004211fffe110002
address 20010db8000000000000000000000002
   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31 1
   1: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 32 1
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0 0 0
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0 0 0
"""


def test_dockers_list_is_read() -> None:
    (web,) = docker_ps(DOCKER)
    assert (web.engine, web.id, web.name, web.networks) == ("docker", ID, "web", ("bridge",))
    assert web.ports == (
        ContainerPort(80, 80, "0.0.0.0"),
        ContainerPort(80, 80, "::"),
        ContainerPort(443),
    )


def test_dockers_ports_in_their_forms() -> None:
    assert docker_ports("") == ()
    assert docker_ports(":::433->443/tcp") == (ContainerPort(443, 433, "::"),)
    assert docker_ports("127.0.0.1:8000-8001->80-81/tcp, 53/udp, 0.0.0.0:53->53/udp") == (
        ContainerPort(80, 8000, "127.0.0.1"),
        ContainerPort(81, 8001, "127.0.0.1"),
    )


def test_podmans_list_is_read() -> None:
    (web,) = podman_ps(PODMAN)
    assert (web.engine, web.name, web.image) == ("podman", "web", "docker.io/library/nginx:latest")
    assert web.ports == (ContainerPort(80, 8080, "0.0.0.0"), ContainerPort(443))
    assert podman_ps("Error: no") == ()


def test_a_namespace_is_read() -> None:
    space = namespace(INSIDE)
    assert space == Namespace(
        pid=4242,
        processes=("nginx",),
        container=ID,
        addresses=("172.17.0.2", "2001:db8::2"),
        sockets=(("0.0.0.0", 443), ("127.0.0.1", 3000), ("::", 80), ("::1", 8080)),
    )
    assert space.listens(443)
    assert not space.listens(3000)
    assert not space.listens(8080)


def test_a_container_is_known_by_its_control_group() -> None:
    assert container_of([f"0::/system.slice/docker-{ID}.scope"]) == ID
    assert container_of(["4:memory:/", f"1:name=systemd:/docker/{ID}"]) == ID
    assert container_of(["0::/lxc.payload.web/system.slice/nginx.service"]) == "/lxc.payload.web"
    assert container_of(["0::/machine.slice/machine-web.scope/payload"])
    assert container_of(["0::/kubepods.slice/kubepods-pod1.slice/x.scope"])
    assert container_of(["0::/system.slice/nginx.service", "0::/"]) == ""


@given(st.text(st.sampled_from('pid comm0123456789ABCDEF:{}[]" \n->/tcp')))
def test_nothing_breaks_it(text: str) -> None:
    with contextlib.suppress(ZeroDivisionError):
        namespace(text)
        docker_ps(text)
        docker_ports(text)
        podman_ps(text)


# What podman 5.4.2 printed of a container that had ended, shortened, and docker's `inspect` for
# {{json .HostConfig.PortBindings}}.
ENDED = f"""\
[
  {{
    "Exited": true,
    "ExitCode": 1,
    "ExposedPorts": null,
    "Id": "{ID}",
    "Image": "",
    "Names": ["shop-proxy"],
    "Networks": ["podman"],
    "Pid": 0,
    "Ports": [
      {{"host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp"}}
    ],
    "State": "exited",
    "Status": "Exited (1) Less than a second ago"
  }}
]
"""
BINDINGS = '{"443/tcp":[{"HostIp":"","HostPort":"443"}],"53/udp":[{"HostIp":"","HostPort":"53"}]}'
OUTPUT = """\
/docker-entrypoint.sh: Configuration complete; ready for start up
2026/11/26 09:50:04 [emerg] 1#1: host not found in upstream "backend" in /etc/nginx/nginx.conf:9
nginx: [emerg] host not found in upstream "backend" in /etc/nginx/nginx.conf:9
bye
"""


def test_the_state_of_a_container_is_read() -> None:
    (web,) = docker_ps(DOCKER)
    assert (web.state, web.stopped) == ("running", False)
    (ended,) = podman_ps(ENDED)
    assert (ended.state, ended.stopped) == ("exited", True)
    assert ended.ports == (ContainerPort(80, 8080, "0.0.0.0"),)


def test_what_docker_says_of_a_container_that_ended() -> None:
    line = f'{{"ID":"{ID}","Names":"proxy","Ports":"","State":"exited","Status":"Exited (1)"}}\n'
    (ended,) = docker_ps(line)
    known = with_details(ended, BINDINGS, OUTPUT)
    assert known.ports == (ContainerPort(443, 443, "0.0.0.0"),)
    assert known.last_words.startswith("nginx: [emerg] host not found")
    assert with_details(ended, "Error: no such object", "").ports == ()


def test_what_the_engine_says_of_the_end_goes_before_the_log() -> None:
    (ended,) = podman_ps(ENDED)
    refusal = "Bind for 0.0.0.0:3000 failed: port is already allocated"
    known = with_details(ended, "", OUTPUT, f'{{"OOMKilled":false,"Error":"{refusal}"}}\n')
    assert (known.last_words, known.not_started, known.out_of_memory) == (refusal, True, False)
    known = with_details(ended, "", OUTPUT, '{"OOMKilled":true,"Error":""}')
    assert (known.not_started, known.out_of_memory) == (False, True)
    assert known.last_words.startswith("nginx: [emerg]")
    assert not with_details(ended, "", "", '{"OOMKilled":"yes","Error":[1]}').out_of_memory


@given(*(st.text(max_size=80),) * 3)
def test_details_of_any_text(bindings: str, output: str, state: str) -> None:
    (ended,) = podman_ps(ENDED)
    assert with_details(ended, bindings, output, state).id == ID


#: In the form of `docker ps -a --no-trunc --format '{{json .}}'`, written by hand, with the labels
#: that docker compose sets (docker/compose, pkg/api/labels.go).
COMPOSE = (
    '{"Command":"\\"docker-entrypoint.s\\"","ID":"' + "a" * 64 + '","Image":"blog-app","Labels":'
    '"com.docker.compose.container-number=1,com.docker.compose.project.config_files=/srv/blog/'
    "docker-compose.yml,/srv/blog/docker-compose.override.yml,com.docker.compose.version=2.29.7,"
    "com.docker.compose.config-hash=0f5c,com.docker.compose.depends_on=db:service_healthy:false,"
    "com.docker.compose.project=blog,com.docker.compose.oneoff=False,com.docker.compose.service=app,"
    'com.docker.compose.project.working_dir=/srv/blog","Names":"blog-app-1","Networks":'
    '"blog_default","Ports":"","State":"exited","Status":"Exited (1) 5 minutes ago"}'
)


def test_the_compose_file_of_a_container_is_read() -> None:
    (container,) = docker_ps(COMPOSE)
    assert container.compose == ComposeService(
        "blog", "app", "/srv/blog",
        ("/srv/blog/docker-compose.yml", "/srv/blog/docker-compose.override.yml"),
        conditions=(("db", "service_healthy"),),
    )  # fmt: skip


def test_the_compose_file_of_podman_compose_is_named_from_its_folder() -> None:
    """podman-compose writes the files as they were given (podman_compose.py, `relative_files`)."""
    labels = {
        "io.podman.compose.project": "blog",
        "com.docker.compose.project": "blog",
        "com.docker.compose.project.working_dir": "/srv/blog",
        "com.docker.compose.project.config_files": "docker-compose.yml",
        "com.docker.compose.service": "app",
    }
    (container,) = podman_ps(json.dumps([{"Id": "a" * 64, "Names": ["app"], "Labels": labels}]))
    assert container.compose
    assert container.compose.files == ("/srv/blog/docker-compose.yml",)
    (plain,) = podman_ps(json.dumps([{"Id": "a" * 64, "Names": ["app"], "Labels": None}]))
    assert plain.compose is None


def test_the_folders_that_a_container_mounts_are_read() -> None:
    ended = with_details(Container("docker", "a" * 64, "app"), "", "", "", "/srv/a\t/etc/a.conf\nx")
    assert ended.folders == (BindMount("/etc/a.conf", "/srv/a"),)


def test_the_words_of_the_runtime_are_left_out_of_a_refusal() -> None:
    """`docker inspect -f '{{json .State}}'`, in the words of runc since 1.1, as people
    reported them."""
    before = (
        "failed to create task for container: failed to create shim task: OCI runtime create "
        "failed: runc create failed: unable to start container process: "
    )
    for reason in (
        'exec: "npm": executable file not found in $PATH: unknown',
        'error mounting "/srv/a.yml" to rootfs at "/a.yml": not a directory: unknown',
    ):
        for words in (before, f"{before}error during container init: "):
            state = json.dumps({"OOMKilled": False, "Error": f"{words}{reason}"})
            ended = with_details(Container("docker", "a" * 64, "app"), "", "", state)
            assert ended.last_words == reason
            assert ended.not_started


def test_the_restart_policy_and_the_words_of_a_health_check_are_read() -> None:
    """`docker inspect -f '{{json .State}}{{println}}{{json .HostConfig.RestartPolicy}}'`, and
    .State.Health, in docker's form, written by hand."""
    policy = '{"OOMKilled":false,"Error":""}\n{"Name":"no","MaximumRetryCount":0}\n'
    container = Container("docker", "a" * 64, "app")
    assert with_details(container, "", "", policy).restart == "no"
    assert with_details(container, "", "", '{"Error":""}').restart == ""
    health = (
        '{"Status":"unhealthy","Log":[{"ExitCode":1,"Output":"a\\n/bin/sh: curl: not found\\n"}]}'
    )
    assert with_health(container, health).last_words == "/bin/sh: curl: not found"
    for text in ("", "null", '{"Log":null}', '{"Log":[1]}', '{"Log":[{"Output":7}]}'):
        assert with_health(container, text).last_words in {"", "7"}


def test_the_words_of_the_network_are_left_out_of_a_refusal() -> None:
    """docker 28 and before, as people reported them."""
    reason = "failed to bind host port 0.0.0.0:80/tcp: address already in use"
    before = "driver failed programming external connectivity on endpoint app (" + "a" * 64 + "): "
    for words in (before, f"failed to set up container networking: {before}"):
        state = json.dumps({"Error": words + reason})
        container = with_details(Container("docker", "a" * 64, "app"), "", "", state)
        assert (container.last_words, container.not_started) == (reason, True)
