import asyncio
import shlex

import pytest

from diagnose.model import Observation
from diagnose.model.files import Access, NginxModules, NginxStart
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxProcess, NginxState, NginxTest
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.probes import Probe
from diagnose.probes.inside import nginx_files as probes
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

SITE = (
    "http { server { listen 443 ssl; server_name shop.example.com; "
    "ssl_certificate shop.pem; ssl_certificate_key shop.key; } }"
)
PATH = "/etc/nginx/nginx.conf"
CONFIG = NginxConfig(path=PATH, main=nginx_parser.parse(SITE, PATH))
KEY = "/etc/nginx/shop.key"
DENIED = (
    f'cannot load certificate key "{KEY}": BIO_new_file() failed (SSL: error:8000000D:system '
    "library::Permission denied:calling fopen)"
)
WHO = f"""\
uid 33
gids 33 33
name www-data www-data
path {KEY}
part 0 root 0 root 600 regular file|?|{KEY}
part 0 root 0 root 755 directory|?|/etc/nginx
part 0 root 0 root 755 directory|?|/
"""

#: A start that SELinux forbade, as CentOS Stream 9 prints it: recorded, as none runs here.
FAILED = """\
User=
ActiveState=failed
 Starting The nginx HTTP and reverse proxy server...
 nginx: configuration file /etc/nginx/nginx.conf test is successful
 Started The nginx HTTP and reverse proxy server.
 Stopped The nginx HTTP and reverse proxy server.
 Starting The nginx HTTP and reverse proxy server...
 nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
 nginx: [emerg] bind() to 0.0.0.0:7443 failed (13: Permission denied)
 nginx: configuration file /etc/nginx/nginx.conf test failed
 nginx.service: Control process exited, code=exited, status=1/FAILURE
 Failed to start The nginx HTTP and reverse proxy server.
selinux 1
http_port_t                    tcp      80, 81, 443, 488, 8008, 8009, 8443, 9000
"""


def run(probe: Probe, machine: RecordedMachine, *observations: Observation) -> Looking:
    ctx = Looking(machine)
    ctx.observations.extend(observations)

    async def work() -> None:
        await probe.work(ctx, observations[-1])

    asyncio.run(work())
    return ctx


def command(script: str, *words: str) -> str:
    return shlex.join(("sh", "-c", script, *(("sh", *words) if words else ())))


def test_the_last_start_is_read_and_not_those_before() -> None:
    machine = RecordedMachine({command(probes.START_SCRIPT, "nginx", "443"): FAILED})
    (seen,) = run(probes.start, machine, CONFIG).observed(NginxStart)
    assert [message.text for message in seen.messages] == [
        "bind() to 0.0.0.0:7443 failed (13: Permission denied)"
    ]
    assert seen.selinux == "enforcing"
    assert seen.ports == "80, 81, 443, 488, 8008, 8009, 8443, 9000"


def test_a_service_that_did_not_fail_says_nothing() -> None:
    text = FAILED.replace("failed\n Starting", "inactive\n Starting").partition("selinux")[0]
    machine = RecordedMachine({command(probes.START_SCRIPT, "nginx", "443"): text})
    assert not run(probes.start, machine, CONFIG).observed(NginxStart)


def test_nothing_is_asked_while_nginx_runs_or_has_no_such_port() -> None:
    running = NginxState(installed=True, masters=(NginxProcess(pid=7, binary="nginx"),))
    machine = RecordedMachine({})
    run(probes.start, machine, running, CONFIG)
    run(probes.start, machine, NginxConfig(path=PATH, main=()))
    run(probes.reading, machine, running, CONFIG)
    assert not machine.commands_run


def test_a_master_that_is_not_root_is_asked_for_its_files() -> None:
    master = NginxProcess(pid=7, binary="nginx", user=33)
    state = NginxState(installed=True, masters=(master,))
    asked = command(ACCESS_SCRIPT, "", "7", "/etc/nginx/shop.pem", KEY)
    looking = run(probes.reading, RecordedMachine({asked: WHO}), state, CONFIG)
    (seen,) = looking.observed(Access)
    assert (seen.path, seen.uid, seen.user, seen.group) == (KEY, 33, "www-data", "www-data")
    assert [part.path for part in seen.denied_parts] == [KEY]


@pytest.mark.parametrize(
    "seen",
    [
        NginxTest(
            binary="nginx", passed=False, messages=nginx_parser.messages(f"nginx: [emerg] {DENIED}")
        ),
        LogLine(file="/l", when=1.0, level="emerg", pid=7, text=DENIED),
    ],
)
def test_a_file_of_which_nginx_complains_is_looked_at(seen: NginxTest | LogLine) -> None:
    machine = RecordedMachine({command(ACCESS_SCRIPT, "", "", KEY): WHO.partition("name")[2]})
    probe = probes.refused if isinstance(seen, NginxTest) else probes.logged
    (found,) = run(probe, machine, seen).observed(Access)
    assert found.path == KEY


def test_the_modules_that_lie_there_are_listed_when_one_is_missed() -> None:
    said = nginx_parser.messages(
        'nginx: [emerg] unknown directive "stream" in /etc/nginx/nginx.conf:1'
    )
    build = NginxBuild(binary="nginx", arguments=("--modules-path=/usr/lib/nginx/modules",))
    machine = RecordedMachine({}, {"/usr/lib/nginx/modules/ngx_stream_module.so": ""})
    test = NginxTest(binary="nginx", passed=False, messages=said)
    (seen,) = run(probes.modules, machine, build, test).observed(NginxModules)
    assert seen.names == ("ngx_stream_module",)
    passed = NginxTest(binary="nginx", passed=True)
    assert not run(probes.modules, machine, build, passed).observed(NginxModules)


def test_modules_lie_below_the_prefix_unless_told_otherwise() -> None:
    assert probes.modules_folder((), "/usr/local/nginx") == "/usr/local/nginx/modules"
    assert probes.modules_folder(("--modules-path=/m",), "/usr/local/nginx") == "/m"


# What systemd 257 says, as it was seen on a server that it boots.

SHOWN = """\
Result={result}
ExecStartPre={{ path=/usr/bin/rm ; argv[]=/usr/bin/rm -f /run/nginx.pid ; ignore_errors=no ; \
start_time=[n/a] ; stop_time=[n/a] ; pid=276 ; code=exited ; status=0 }}
ExecStartPre={{ path={step} ; argv[]={step} -t ; ignore_errors=no ; start_time=[n/a] ; \
stop_time=[n/a] ; pid=278 ; code=exited ; status={status} }}
User=
PrivateTmp=yes
ProtectHome=yes
InaccessiblePaths=-/srv/secret
Id=nginx.service
LoadState=loaded
ActiveState=failed
InactiveEnterTimestamp=Wed 2026-11-25 17:51:35 UTC
starts nginx.service
 Starting nginx.service - The nginx HTTP and reverse proxy server...
"""


def shown(
    *lines: str, result: str = "exit-code", step: str = "/usr/sbin/nginx", status: str = "1"
) -> NginxStart:
    text = SHOWN.format(result=result, step=step, status=status)
    return probes.parse_start(text + "".join(f" {line}\n" for line in lines))


def test_the_line_that_tells_how_a_service_ended_is_found() -> None:
    killed = "nginx.service: Main process exited, code=killed, status=9/KILL"
    seen = shown("Started nginx.service.", killed, "nginx.service: Failed with result 'signal'.")
    assert (seen.line, seen.since) == (killed, "Wed 2026-11-25 17:51:35 UTC")
    pid = "nginx.service: Can't open PID file '/run/nginx.pid' (yet?) after start: No such file"
    stopped = "Stopped nginx.service - The nginx HTTP and reverse proxy server."
    assert shown(pid, "nginx.service: Deactivated successfully.", stopped).line == stopped


def test_starts_that_are_not_tried_any_more_are_noticed() -> None:
    failed = "nginx.service: Failed with result 'exit-code'."
    again = "nginx.service: Start request repeated too quickly."
    assert shown(failed, again, failed).limited
    assert not shown(again, "Starting nginx.service...", failed).limited


def test_a_command_before_nginx_that_failed_is_named_and_nginxs_own_test_is_not() -> None:
    assert shown(step="/usr/bin/test").step == "/usr/bin/test -t"
    assert shown().step == ""
    assert shown(step="/usr/bin/test", status="0").step == ""


def test_the_folders_of_a_units_own_are_known() -> None:
    folders = ("/tmp", "/var/tmp", "/home", "/root", "/run/user", "/srv/secret")
    assert shown().hidden == folders


def test_a_service_that_does_not_start_this_program_is_not_its() -> None:
    text = SHOWN.format(result="success", step="x", status="0").replace("starts nginx", "x")
    seen = probes.parse_start(text)
    assert seen.unit == ""
