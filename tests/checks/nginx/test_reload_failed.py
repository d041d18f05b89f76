from diagnose.model import Command, Manual, Severity, commands
from diagnose.model.logs import LogLine
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import HOST, LOADED, RUNNING, SYSTEMD, config, nginx_says

TAKEN = "bind() to 0.0.0.0:8443 failed (98: Address already in use)"
ZONE = (
    'limit_req "one" uses the "$http_x_real_ip" key while previously it used the '
    '"$binary_remote_addr" key'
)
MISTAKE = 'unknown directive "proxy_passs" in /etc/nginx/nginx.conf:8'


def line(
    text: str = MISTAKE, when: float = LOADED + 5, pid: int = 7, level: str = "emerg"
) -> LogLine:
    log = "/var/log/nginx/error.log"
    return LogLine(file=log, when=when, written="x", level=level, pid=pid, text=text)


def held_by(process: str) -> Listeners:
    return Listeners(
        sockets=(Listener(address="0.0.0.0", port=8443, family=4, pid=9, process=process),)
    )


def test_fires_when_the_files_were_mended_and_nginx_not_told() -> None:
    (claim,) = judge("nginx.reload-failed", RUNNING, line(), nginx_says(), config(), HOST)
    assert claim.facts["mended"]
    assert claim.severity is Severity.WARNING
    assert claim.fix
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("nginx", "-t"),
        ("nginx", "-s", "reload"),
    ]


def test_fires_as_an_error_when_visitors_see_the_old_configuration() -> None:
    from diagnose.model.nginx import CertificateFile

    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "aa")
    served = Handshake(address="203.0.113.10", port=443, chain=(leaf,))
    file = CertificateFile(path="/etc/nginx/shop.pem", sha256="bb")
    (claim,) = judge("nginx.reload-failed", RUNNING, line(), nginx_says(), config(), served, file)
    assert claim.severity is None
    assert served in claim.because


def test_fires_while_the_files_are_still_broken() -> None:
    (claim,) = judge("nginx.reload-failed", RUNNING, line(), nginx_says(MISTAKE), config())
    assert claim.facts["broken"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_raises_the_limit_of_the_unit_in_a_folder_that_may_be_missing() -> None:
    text = 'open() "/var/log/nginx/a.log" failed (24: Too many open files)'
    (claim,) = judge(
        "nginx.reload-failed", RUNNING, SYSTEMD, line(text), nginx_says(), config(), HOST
    )
    assert claim.fix
    commands_run = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert commands_run[0][:2] == ("mkdir", "-p")
    assert "LimitNOFILE=65536" in commands_run[1]
    assert commands_run[2] == ("systemctl", "daemon-reload")


def test_fires_where_another_program_holds_the_port() -> None:
    lines = [line(TAKEN, LOADED + 5 + half / 2) for half in range(5)]
    last = line("still could not bind()", LOADED + 8)
    (claim,) = judge(
        "nginx.reload-failed", RUNNING, *lines, last, nginx_says(), config(), held_by("python3")
    )
    assert claim.facts["other"] == "python3 (9)"
    assert claim.facts["message"] == TAKEN


def test_fires_with_a_restart_where_nginx_is_in_its_own_way() -> None:
    observations = (RUNNING, line(TAKEN), nginx_says(), config(), held_by("nginx"), SYSTEMD)
    (claim,) = judge("nginx.reload-failed", *observations)
    assert claim.fix
    assert claim.fix.steps[-1] == commands.restart_service("nginx")


def test_fires_with_a_restart_where_a_zone_cannot_be_changed() -> None:
    (claim,) = judge("nginx.reload-failed", RUNNING, line(ZONE), nginx_says(), config(), HOST)
    assert claim.facts["zone"]
    assert claim.fix
    steps = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert steps[1:] == [("nginx", "-s", "stop"), ("nginx",)]


def test_silent_when_a_later_reload_was_taken() -> None:
    assert not judge("nginx.reload-failed", RUNNING, line(when=LOADED - 5), nginx_says(), config())


def test_silent_when_only_a_test_was_refused() -> None:
    assert not judge("nginx.reload-failed", RUNNING, line(pid=4242), nginx_says(), config())


def test_silent_when_the_line_is_about_a_request() -> None:
    assert not judge("nginx.reload-failed", RUNNING, line(level="error"), nginx_says(), config())
