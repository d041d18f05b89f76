"""nginx.start-denied: when it fires, and when it is silent. The messages are nginx's own, as the
threads quote them (issue 816 of nginx, issue 15 of arch-rtorrentvpn)."""

from diagnose.model import Confidence, Manual
from diagnose.model.files import NginxStart, SelinuxMode
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, STOPPED, config, nginx_says

CHECK = "nginx.start-denied"
PID = 'open() "/run/nginx.pid" failed (13: Permission denied)'
CONFIG = 'open() "/config/nginx/config/nginx.conf" failed (13: Permission denied)'


def start(said: str, user: str = "", selinux: SelinuxMode = "") -> NginxStart:
    return NginxStart(
        messages=nginx_parser.messages(f"nginx: [emerg] {said}"),
        source="journalctl -u nginx",
        unit="nginx.service",
        user=user,
        selinux=selinux,
    )


def steps(started: NginxStart) -> list[str]:
    (claim,) = judge(CHECK, nginx_says(), config(), STOPPED, started)
    assert claim.fix
    return [step.step for step in claim.fix.steps if isinstance(step, Manual)]


def test_fires_where_selinux_denies_what_root_may_do() -> None:
    observation = start(PID, selinux="enforcing")
    (claim,) = judge(CHECK, nginx_says(), config(), STOPPED, observation)
    assert claim.facts["path"] == "/run/nginx.pid"
    assert claim.facts["selinux"]
    assert claim.confidence is Confidence.LIKELY
    assert steps(observation) == ["policy"]


def test_fires_where_the_configuration_itself_is_denied() -> None:
    (claim,) = judge(CHECK, nginx_says(CONFIG), config(), STOPPED)
    assert claim.facts["other"]


def test_fires_for_a_user_and_for_folders_that_are_read_only() -> None:
    assert steps(start(PID, user="web")) == ["user"]
    read_only = PID.replace("13: Permission denied", "30: Read-only file system")
    assert steps(start(read_only)) == ["paths-of-the-unit"]


def test_silent_for_other_errors_and_where_nginx_runs() -> None:
    missing = 'open() "/etc/nginx/mime.types" failed (2: No such file or directory)'
    assert not judge(CHECK, nginx_says(), config(), STOPPED, start(missing))
    assert not judge(CHECK, nginx_says(), config(), STOPPED)
    assert not judge(CHECK, nginx_says(CONFIG), config(), RUNNING)
