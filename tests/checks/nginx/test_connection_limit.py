from diagnose.model import Applicability, Edit, Failure, Severity, commands
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine, OpenFiles
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxProcess, NginxState
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.config import parse
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import FILE, HOST, LOADED, RUNNING, SITE

FULL = "768 worker_connections are not enough"
NO_FILES = "accept4() failed (24: Too many open files)"
CLOSED = Handshake(address="203.0.113.10", port=443, failure=Failure("closed", "closed"))


def line(text: str, when: float = LOADED + 5, errno: int | None = None) -> LogLine:
    log = "/var/log/nginx/error.log"
    return LogLine(file=log, when=when, written="x", level="alert", pid=9, text=text, errno=errno)


def config(events: str = "worker_connections 768;") -> NginxConfig:
    whole = f"user www-data;\nevents {{\n    {events}\n}}\nhttp {{\n{SITE}}}\n"
    return NginxConfig(path=FILE, main=parse(whole, FILE), files=(ConfigFile(FILE, whole, 0.0),))


def files(soft: int) -> OpenFiles:
    return OpenFiles(pid=9, soft=soft, hard=524288)


def test_fires_while_visitors_are_cut_off() -> None:
    (claim,) = judge("nginx.connection-limit", RUNNING, line(FULL), config(), files(65536), CLOSED)
    assert claim.severity is None
    assert CLOSED in claim.because
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    worker_connections 4096;" in edit.diff
    assert "worker_rlimit_nofile" not in edit.diff
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_raises_the_limit_on_files_with_it() -> None:
    (claim,) = judge("nginx.connection-limit", RUNNING, line(FULL), config(""), files(1024), CLOSED)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    worker_connections 4096;" in edit.diff
    assert "+worker_rlimit_nofile 8192;" in edit.diff


def test_fires_with_a_restart_when_no_file_can_be_opened() -> None:
    (claim,) = judge(
        "nginx.connection-limit", RUNNING, line(NO_FILES, errno=24), config(), files(1024), HOST
    )
    assert claim.facts["files"]
    assert claim.fix
    assert claim.fix.steps[-1] == commands.start_nginx(("nginx",))
    # Who is there would be cut off.
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_as_a_warning_when_it_is_over() -> None:
    fine = Exchange(url="https://shop.example.com/", address="x", port=443, status=200)
    (claim,) = judge("nginx.connection-limit", RUNNING, line(FULL), config(), fine)
    assert claim.severity is Severity.WARNING


def test_silent_when_nginx_was_reloaded_since() -> None:
    assert not judge("nginx.connection-limit", RUNNING, line(FULL, LOADED - 5), config(), CLOSED)


def test_silent_when_an_old_worker_says_it_while_its_last_visitors_leave() -> None:
    new = NginxProcess(pid=7, binary="nginx", loaded=LOADED, workers=(11, 12))
    running = NginxState(installed=True, masters=(new,))
    assert not judge("nginx.connection-limit", running, line(FULL), config(), CLOSED)


def test_silent_when_the_log_speaks_of_other_things() -> None:
    other = line("connect() failed (111: Connection refused)", errno=111)
    assert not judge("nginx.connection-limit", RUNNING, other, config(), CLOSED)
