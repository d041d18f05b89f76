import asyncio
import shlex
from pathlib import Path

from diagnose.machine import Ran
from diagnose.machine.local import LocalMachine
from diagnose.machine.recorded import RecordedMachine
from diagnose.model import Failure, Unseen
from diagnose.model.nginx import (
    CertificateFile,
    NginxBuild,
    NginxConfig,
    NginxState,
    NginxTest,
)
from diagnose.probes.inside import nginx as probes
from diagnose.probes.inside.here import names, serves
from diagnose.probes.inside.nginx import LIST, configured, fingerprint, listing
from diagnose.wire import nginx as wire
from tests.probes.looking import looked

BINARY = "/usr/sbin/nginx"
VERSION = (
    "nginx version: nginx/1.26.3\nconfigure arguments: --prefix=/usr/share/nginx "
    "--conf-path=/etc/nginx/nginx.conf --with-http_ssl_module\n"
)
STAT = "{pid} (nginx) S {parent} " + "0 " * 17 + "{ticks} 0 0"
FILES = {
    "/etc/nginx/nginx.conf": "events {}\nhttp { include conf.d/*.conf; }\n",
    "/etc/nginx/conf.d/shop.conf": (
        "server { listen 443 ssl; server_name shop.example.com; ssl_certificate shop.pem; }\n"
    ),
    "/etc/nginx/shop.pem": "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n",
}
SHA256_OF_000102 = "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"


def process(pid: int, parent: int, ticks: int, title: str, files: str = "mnt:[1]") -> str:
    stat = STAT.format(pid=pid, parent=parent, ticks=ticks)
    return f"process {stat}\n{title}\n{BINARY}\n{files}\n"


def listed(*processes: str) -> str:
    return f"1000.5\n500.5 900.0\nmnt:[1]\nprogram {BINARY}\n" + "".join(processes)


MASTER = process(10, 1, 100, "nginx: master process /usr/sbin/nginx")


def machine(said: str, test: str | Ran = "") -> RecordedMachine:
    known: dict[str, str | Ran] = {
        shlex.join(("sh", "-c", LIST)): said,
        f"{BINARY} -V": VERSION,
        f"{BINARY} -t": test,
    }
    return RecordedMachine(known, FILES)


def test_everything_is_seen_of_the_nginx_that_runs() -> None:
    look = looked(machine(listed(MASTER)), probes.nginx)
    (state,) = look.seen(NginxState)
    assert [one.pid for one in state.masters] == [10]
    assert look.seen(NginxBuild)[0].has_ssl
    assert look.seen(NginxTest)[0].passed
    (config,) = look.seen(NginxConfig)
    assert [one.path for one in config.files] == [*list(FILES)[:2]]
    assert look.seen(CertificateFile)[0].sha256 == SHA256_OF_000102


def test_it_was_last_loaded_when_its_oldest_worker_began() -> None:
    said = listed(
        MASTER,
        process(11, 10, 200, "nginx: worker process is shutting down"),
        process(12, 10, 300, "nginx: worker process"),
        process(13, 10, 900, "nginx: worker process"),
        process(14, 10, 150, "nginx: cache manager process"),
    )
    (master,) = probes.masters(listing(said))
    assert master.loaded == 500.0 + 3.0


def test_a_containers_nginx_is_not_this_machines() -> None:
    inside = process(10, 1, 100, "nginx: master process nginx", files="mnt:[2]")
    (master,) = probes.masters(listing(listed(inside)))
    assert master.foreign


def test_without_nginx_nothing_more_is_looked_at() -> None:
    look = looked(machine("1000.5\n500.5 900.0\nmnt:[1]\n"), probes.nginx)
    assert [type(one) for one in look.observations] == [NginxState]
    assert not look.seen(NginxState)[0].installed


def test_a_test_that_needs_root_is_unseen() -> None:
    said = (
        'nginx: [warn] the "user" directive makes sense only if the master process runs with '
        "super-user privileges, ignored\n"
        'nginx: [emerg] cannot load certificate key "/k": (13: Permission denied)\n'
    )
    ran = Ran((BINARY, "-t"), 1, "", said, 0.0, Failure("exit", "", 1))
    look = looked(machine(listed(), test=ran), probes.nginx)
    assert not look.seen(NginxTest)
    assert look.seen(Unseen)[0].enable == f"sudo {BINARY} -t"


def test_a_test_that_fails_is_seen() -> None:
    ran = Ran((BINARY, "-t"), 1, "", "nginx: [emerg] no in /a:3\n", 0.0, Failure("exit", "", 1))
    (seen,) = looked(machine(listed(), test=ran), probes.nginx).seen(NginxTest)
    assert not seen.passed
    assert seen.fatal
    assert (seen.fatal.file, seen.fatal.line) == ("/a", 3)


def test_the_options_of_the_master_decide_which_configuration_is_read() -> None:
    build = wire.build(VERSION)
    own = wire.build("nginx version: nginx/1.9.0\nconfigure arguments: --prefix=/opt/nginx\n")
    assert configured(build, ()) == "/etc/nginx/nginx.conf"
    assert configured(build, ("-c", "a.conf")) == "/usr/share/nginx/a.conf"
    assert configured(own, ("-p", "/srv")) == "/srv/conf/nginx.conf"
    assert configured(own, ("-p", "/srv", "-c", "/x/a.conf")) == "/x/a.conf"


def test_a_file_without_a_certificate_has_no_fingerprint() -> None:
    assert fingerprint("") == ""
    assert fingerprint("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----") == ""


def test_this_machine_lists_its_processes() -> None:
    ran = asyncio.run(LocalMachine().run("sh", "-c", LIST))
    assert listing(ran.out).files.startswith("mnt:") or not Path("/proc/self/ns").exists()


def test_a_server_name_in_the_configuration_is_noticed() -> None:
    assert asyncio.run(serves(RecordedMachine({}, FILES), "shop.example.com"))
    assert not asyncio.run(serves(RecordedMachine({}, FILES), "other.example.com"))
    assert names("server { server_name a.test\n *.example.com; }", "shop.example.com")
    assert not names("# server_name shop.example.com;", "shop.example.com")
