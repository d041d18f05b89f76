import asyncio
import shlex
import subprocess
from pathlib import Path

import pytest

from diagnose.machine import CommandResult
from diagnose.machine.local import LocalMachine
from diagnose.model import Failure, Unseen
from diagnose.model.nginx import (
    CertificateFile,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
)
from diagnose.probes.inside import nginx as probes
from diagnose.probes.inside.nginx_processes import LIST_COMMAND, master_processes, parse_listing
from tests.support.fake_context import looked
from tests.support.recorded_machine import RecordedMachine

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


def machine(said: str, test: str | CommandResult = "") -> RecordedMachine:
    known: dict[str, str | CommandResult] = {
        shlex.join(LIST_COMMAND): said,
        f"{BINARY} -V": VERSION,
        f"{BINARY} -t": test,
    }
    return RecordedMachine(known, FILES)


def test_everything_is_seen_of_the_nginx_that_runs() -> None:
    ctx = looked(machine(listed(MASTER)), probes.nginx)
    (state,) = ctx.observed(NginxState)
    assert [master.pid for master in state.masters] == [10]
    assert ctx.observed(NginxBuild)[0].has_ssl
    assert ctx.observed(NginxTest)[0].passed
    (config,) = ctx.observed(NginxConfig)
    assert [file.path for file in config.files] == [*list(FILES)[:2]]
    assert ctx.observed(CertificateFile)[0].sha256 == SHA256_OF_000102


def test_it_was_last_loaded_when_its_oldest_worker_began() -> None:
    said = listed(
        MASTER,
        process(11, 10, 200, "nginx: worker process is shutting down"),
        process(12, 10, 300, "nginx: worker process"),
        process(13, 10, 900, "nginx: worker process"),
        process(14, 10, 150, "nginx: cache manager process"),
    )
    (master,) = master_processes(parse_listing(said))
    assert master.loaded == 500.0 + 3.0


@pytest.mark.parametrize(
    "stat",
    [
        f"  ) {'1 ' * 30}",
        f"7 (nginx) S {'x ' * 30}",
        "7 (nginx) S 1" + " \u0661" * 30,
        f"7 (nginx) S {'9' * 5000} {'1 ' * 30}",
        "7 (nginx) S 1 1",
        "",
    ],
)
def test_a_process_without_its_numbers_is_left_out(stat: str) -> None:
    """Its title begins like another entry, or it ended while it was read."""
    said = f"1000.5\n500.5 9.0\nmnt:[1]\nself 0\nprocess {stat}\ntitle\n/x\nmnt:[1]\nuser 0\n"
    assert not parse_listing(said).processes


def test_the_name_of_a_process_may_be_anything() -> None:
    said = listed(process(10, 1, 100, f"nginx: master process {BINARY}")).replace(
        "(nginx)", "(a) S 9 (b)"
    )
    (master,) = master_processes(parse_listing(said))
    assert master.pid == 10


#: What is printed of us, and of a unit with PrivateTmp= and of containers. All of them have a mount
#: namespace of their own.
OWN = (
    "own root 65024:2\nown pid pid:[1]\nown net net:[1]\nown cgroup 0::/system.slice/ssh.service\n"
    "own mount 254:0 / /\nown mount 0:24 / /run\n"
)
UNIT = (
    "its root 65024:2\nits pid pid:[1]\nits net net:[1]\n"
    "its cgroup 0::/system.slice/nginx.service\n"
    "its mount 254:0 / /\nits mount 0:24 / /run\n"
    "its mount 254:0 /tmp/systemd-private-1/tmp /tmp\n"
)
DOCKER = f"0::/system.slice/docker-{'5e' * 32}.scope"


def running(its: str, own: str = OWN) -> NginxProcess:
    said = f"1000.5\n500.5 900.0\nmnt:[1]\nself 0\n{own}program {BINARY}\n"
    inside = process(10, 1, 100, f"nginx: master process {BINARY}", files="mnt:[2]")
    (master,) = master_processes(parse_listing(f"{said}{inside}user 0\n{its}"))
    return master


def test_a_unit_with_files_of_its_own_is_this_machines() -> None:
    """PrivateTmp=true, as Red Hat's, Fedora's and Alibaba Cloud Linux' nginx has it."""
    master = running(UNIT)
    assert not master.foreign
    assert master.private == ("/tmp",)
    assert master.unit == "nginx.service"


@pytest.mark.parametrize(
    ("what", "others"),
    [
        ("its root 65024:2", "its root 0:51:77"),  # another root: a container, a chroot
        ("its pid pid:[1]", "its pid pid:[2]"),
        ("its net net:[1]", "its net net:[2]"),
        ("its cgroup 0::/system.slice/nginx.service", f"its cgroup {DOCKER}"),
        ("its cgroup 0::/system.slice/nginx.service", "its cgroup 0::/lxc.payload.web/init.scope"),
    ],
)
def test_a_containers_nginx_is_not_this_machines(what: str, others: str) -> None:
    assert running(UNIT.replace(what, others)).foreign


def test_in_one_container_with_us_it_is_ours() -> None:
    both = (text.replace("system.slice/", f"docker/{'5e' * 32}/") for text in (OWN, UNIT))
    own, its = both
    assert not running(its, own).foreign


def test_what_may_not_be_read_of_it_says_nothing() -> None:
    """Without root a process of another user shows its control groups alone."""
    group = "its cgroup 0::/system.slice/nginx.service\n"
    assert not running(f"its root \nits pid \nits net \n{group}").foreign
    assert running(f"its root \nits pid \nits net \nits cgroup {DOCKER}\n").foreign


def test_a_process_cannot_pass_its_title_off_as_what_is_printed_of_it(tmp_path: Path) -> None:
    """Line breaks in its own words: they stay one line."""
    program = tmp_path / "nginx"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    title = f"nginx: master process x\n{program}\nmnt:[1]\nuser 0\nbuild /bin/sh\nforged\nbuilt"
    with subprocess.Popen([title, "60"], executable=program) as process:
        try:
            ran = asyncio.run(LocalMachine().run(*LIST_COMMAND))
        finally:
            process.kill()
    found = parse_listing(ran.out)
    assert "forged" not in dict(found.builds).get("/bin/sh", "")
    (mine,) = [one for one in found.processes if one.pid == process.pid]
    assert mine.title.endswith("forged built 60")
    assert mine.program == str(program)


def test_without_nginx_nothing_more_is_looked_at() -> None:
    ctx = looked(machine("1000.5\n500.5 900.0\nmnt:[1]\n"), probes.nginx)
    assert [type(observation) for observation in ctx.observations] == [NginxState]
    assert not ctx.observed(NginxState)[0].installed


def test_a_test_that_needs_root_is_unseen() -> None:
    said = (
        'nginx: [warn] the "user" directive makes sense only if the master process runs with '
        "super-user privileges, ignored\n"
        'nginx: [emerg] cannot load certificate key "/k": (13: Permission denied)\n'
    )
    ran = CommandResult((BINARY, "-t"), 1, "", said, 0.0, Failure("exit", "", 1))
    ctx = looked(machine(listed(), test=ran), probes.nginx)
    assert not ctx.observed(NginxTest)
    assert ctx.observed(Unseen)[0].enable == f"sudo {BINARY} -t"


def test_a_test_that_fails_is_seen() -> None:
    ran = CommandResult(
        (BINARY, "-t"), 1, "", "nginx: [emerg] no in /a:3\n", 0.0, Failure("exit", "", 1)
    )
    (seen,) = looked(machine(listed(), test=ran), probes.nginx).observed(NginxTest)
    assert not seen.passed
    assert seen.fatal
    assert (seen.fatal.file, seen.fatal.line) == ("/a", 3)


PASSWD = "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
#: As nginx 1.28 says it, run by root without the right to change owners.
KEPT = """\
nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
nginx: [emerg] chown("/var/lib/nginx/body", 65534) failed (1: Operation not permitted)
nginx: configuration file /etc/nginx/nginx.conf test failed
"""


def run_by(master: int, worker: int, conf: str, said: str = KEPT) -> RecordedMachine:
    processes = (
        f"{MASTER}user {master}\n",
        f"{process(11, 10, 200, 'nginx: worker process')}user {worker}\n",
    )
    text = listed(*processes).replace("program", "self 0\nprogram", 1)
    argv = (*probes.KEEP_OWNERS, BINARY, "-t")
    known: dict[str, str | CommandResult] = {
        shlex.join(LIST_COMMAND): text,
        f"{BINARY} -V": VERSION,
        f"{BINARY} -t": "",
        shlex.join(argv): CommandResult(argv, 1, "", said, 0.0, Failure("exit", "", 1)),
    }
    files = {"/etc/nginx/nginx.conf": f"{conf}events {{}}\n", "/etc/passwd": PASSWD}
    return RecordedMachine(known, files)


@pytest.mark.parametrize(
    ("master", "worker", "conf"), [(33, 33, ""), (0, 33, "user nobody;\n"), (33, 33, "#user x;\n")]
)
def test_a_test_takes_no_folder_from_the_workers(master: int, worker: int, conf: str) -> None:
    (seen,) = looked(run_by(master, worker, conf), probes.nginx).observed(NginxTest)
    assert seen.equivalent.startswith("setpriv --bounding-set=-chown ")
    assert seen.passed
    assert not seen.messages


def test_a_test_that_takes_nothing_is_the_plain_one() -> None:
    (seen,) = looked(run_by(0, 33, "user www-data;\n"), probes.nginx).observed(NginxTest)
    assert seen.equivalent == f"{BINARY} -t"


def test_what_is_wrong_is_seen_without_the_right_to_change_owners() -> None:
    said = 'nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:1\n'
    (seen,) = looked(run_by(33, 33, "", said), probes.nginx).observed(NginxTest)
    assert not seen.passed
    assert seen.fatal


def test_without_the_program_that_keeps_owners_there_is_no_test() -> None:
    ctx = looked(run_by(33, 33, "", "sh: setpriv: not found\n"), probes.nginx)
    assert not ctx.observed(NginxTest)
    assert ctx.observed(Unseen)[0].what == "nginx -t"


BAOTA_CONF = "/www/server/nginx/conf/nginx.conf"
BAOTA = (
    "nginx version: nginx/1.24.0\nbuilt with OpenSSL 1.1.1w\nTLS SNI support enabled\n"
    "configure arguments: --user=www --group=www --prefix=/www/server/nginx "
    "--add-module=/www/server/nginx/src/ngx_devel_kit --with-http_ssl_module\n"
)
TENGINE = (
    "Tengine version: Tengine/3.1.0\nnginx version: nginx/1.24.0\n"
    "configure arguments: --prefix=/usr/local/tengine --with-http_ssl_module\n"
)


def of(pid: int, title: str, program: str, user: int | None = None) -> str:
    stat = STAT.format(pid=pid, parent=1, ticks=100)
    owner = "" if user is None else f"user {user}\n"
    return f"process {stat}\n{title}\n{program}\nmnt:[1]\n{owner}"


def panel(text: str, said: str, program: str, files: dict[str, str], *options: str) -> NginxConfig:
    known: dict[str, str | CommandResult] = {
        shlex.join(LIST_COMMAND): text,
        f"{program} -V": said,
        shlex.join((program, *options, "-t")): "",
    }
    ctx = looked(RecordedMachine(known, files), probes.nginx)
    assert ctx.observed(NginxTest)[0].binary == program
    (config,) = ctx.observed(NginxConfig)
    return config


def test_baotas_nginx_is_found_by_its_process() -> None:
    program = "/www/server/nginx/sbin/nginx"
    text = f"1000.5\n500.5 900.0\nmnt:[1]\nprogram {BINARY}\nprogram {program}\n" + of(
        10, f"nginx: master process {program} -c {BAOTA_CONF}", program
    )
    files = {
        BAOTA_CONF: "http { include /www/server/panel/vhost/nginx/*.conf; }\n",
        "/www/server/panel/vhost/nginx/shop.conf": "server { listen 443 ssl; }\n",
    }
    config = panel(text, BAOTA, program, files, "-c", BAOTA_CONF)
    assert config.equivalent == f"{program} -c {BAOTA_CONF} -T"
    assert [file.path for file in config.files] == list(files)


def test_of_two_that_do_not_run_the_one_that_has_the_site_is_looked_at() -> None:
    program = "/usr/local/nginx/sbin/nginx"
    own = "nginx version: nginx/1.26.3\nconfigure arguments: --prefix=/usr/local/nginx\n"
    site = "http { server { listen 443 ssl; server_name shop.example.com; } }\n"
    text = f"1000.5\n500.5 900.0\nmnt:[1]\nprogram {BINARY}\nprogram {program}\n"
    known: dict[str, str | CommandResult] = {
        shlex.join(LIST_COMMAND): text,
        f"{BINARY} -V": VERSION,
        f"{program} -V": own,
        f"{program} -t": "",
    }
    files = {
        "/etc/nginx/nginx.conf": "http { }\n",
        "/usr/local/nginx/conf/nginx.conf": site,
    }
    ctx = looked(RecordedMachine(known, files), probes.nginx)
    assert [config.path for config in ctx.observed(NginxConfig)] == [
        "/usr/local/nginx/conf/nginx.conf"
    ]


def test_an_own_build_reads_the_folder_of_its_prefix() -> None:
    program = "/usr/local/tengine/sbin/nginx"
    text = f"1000.5\n500.5 900.0\nmnt:[1]\nprogram {program}\n" + of(
        10, "nginx: master process ./nginx", f"{program} (deleted)"
    )
    config = panel(text, TENGINE, program, {"/usr/local/tengine/conf/nginx.conf": "http { }\n"})
    assert config.path == "/usr/local/tengine/conf/nginx.conf"


def test_the_master_is_called_as_it_was_started() -> None:
    title = "nginx: master process /opt/n -p /srv/n -c n.conf -g daemon off; pid /run/n.pid;"
    text = "1000.5\n500.5 900.0\nmnt:[1]\n" + of(10, title, "/opt/n")
    options = ("-p", "/srv/n", "-c", "n.conf", "-g", "pid /run/n.pid;")
    config = panel(text, TENGINE, "/opt/n", {"/srv/n/n.conf": "http { }\n"}, *options)
    assert config.path == "/srv/n/n.conf"


def test_openresty_in_a_container_is_not_looked_into_and_that_is_said() -> None:
    """1Panel runs OpenResty in Docker: the processes are seen from the host, their files not."""
    program = "/usr/local/openresty/nginx/sbin/nginx"
    title = f"nginx: master process {program} -g daemon off;"
    text = "1000.5\n500.5 900.0\nmnt:[1]\nself 0\nown root 65024:2\n" + of(10, title, program, 0)
    text += "its root 0:51:77\n"
    ctx = looked(RecordedMachine({shlex.join(LIST_COMMAND): text}), probes.nginx)
    (unseen,) = ctx.observed(Unseen)
    assert unseen.enable == "docker exec \u2026 nginx -T"
    assert ctx.observed(NginxState)[0].masters[0].foreign


def test_a_strangers_process_of_that_name_is_not_run() -> None:
    """Anybody may call a program nginx, and give it the title of a master."""
    title = "nginx: master process /tmp/nginx -g load_module /tmp/x.so;"
    text = "1000.5\n500.5 900.0\nmnt:[1]\nself 0\n" + of(10, title, "/tmp/nginx", 1000)
    door = RecordedMachine({shlex.join(LIST_COMMAND): text})
    ctx = looked(door, probes.nginx)
    assert len(door.commands_run) == 1
    assert ctx.observed(Unseen)[0].why == "another user runs it"


def test_an_installed_program_without_options_is_looked_at_whoever_runs_it() -> None:
    mine = "mnt:[1]\nself 0\nprogram"
    for title, foreign in ((BINARY, False), (f"{BINARY} -c /home/a/nginx.conf", True)):
        running = process(10, 1, 100, f"nginx: master process {title}") + "user 33\n"
        text = listed(running).replace("mnt:[1]\nprogram", mine)
        assert [
            master_process.foreign for master_process in master_processes(parse_listing(text))
        ] == [foreign]


def test_its_own_nginx_a_user_may_look_at() -> None:
    text = "1000.5\n500.5 900.0\nmnt:[1]\nself 1000\n" + of(
        10, "nginx: master process x", "/opt/n", 1000
    )
    assert not master_processes(parse_listing(text))[0].foreign


@pytest.mark.parametrize(
    ("clock", "loaded"), [("1000.5", 502.0), ("1000.%N", 502.5), ("1000", 502.5), ("%s", None)]
)
def test_a_clock_without_fractions_makes_no_process_older(clock: str, loaded: float | None) -> None:
    """busybox's date(1) prints %N as it is."""
    said = listed(MASTER, process(11, 10, 200, "nginx: worker process"))
    (master,) = master_processes(parse_listing(said.replace("1000.5", clock)))
    assert master.loaded == loaded
