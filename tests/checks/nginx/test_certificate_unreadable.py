from dataclasses import replace

from diagnose.model import Applicability, Claim, Command, Confidence, Manual
from diagnose.model.files import Access, NginxStart, PathComponent
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import LOADED, RUNNING, SITE, STOPPED, config, nginx_says

CHECK = "nginx.certificate-unreadable"
KEY = "/etc/nginx/shop.key"
SAID = (
    f'cannot load certificate key "{KEY}": BIO_new_file() failed (SSL: error:8000000D:system '
    f"library::Permission denied:calling fopen({KEY}, r) error:10080002:BIO routines::system lib)"
)
#: nginx 1.12 with OpenSSL 1.0.2
EARLIER = (
    f'BIO_new_file("{KEY}") failed (SSL: error:0200100D:system library:fopen:Permission denied:'
    f"fopen('{KEY}','r') error:2006D002:BIO routines:BIO_new_file:system lib)"
)
ROOT = PathComponent("/", 0, "root", 0, "root", 0o755)
FOLDER = PathComponent("/etc/nginx", 0, "root", 0, "root", 0o755)
FILE = PathComponent(KEY, 0, "root", 0, "root", 0o600, folder=False)
ACCESS = Access(
    path=KEY, parts=(ROOT, FOLDER, FILE), uid=33, user="www-data", gids=(33,), group="www-data"
)
UNKNOWN = replace(ACCESS, uid=None, user="", gids=(), group="")
OTHERS = NginxState(
    installed=True, masters=(NginxProcess(pid=7, binary="nginx", loaded=LOADED, user=33),)
)
LINE = LogLine(file="/var/log/nginx/error.log", when=LOADED + 60, level="emerg", pid=7, text=SAID)


def commands(claim: Claim) -> list[str]:
    steps = claim.fix.steps if claim.fix else ()
    return [" ".join(step.argv) for step in steps if isinstance(step, Command)]


def test_fires_by_what_the_bits_say_before_anybody_has_reloaded() -> None:
    (claim,) = judge(CHECK, nginx_says(), config(), OTHERS, ACCESS)
    assert claim.facts["closed"] == (f"{KEY} (0600 root:root)",)
    assert claim.confidence is Confidence.CERTAIN
    assert commands(claim)[:2] == [f"chgrp www-data {KEY}", f"chmod g+r {KEY}"]
    first = claim.fix.steps[1] if claim.fix else None
    assert isinstance(first, Command)
    assert first.undo == ("chmod", "0600", KEY)


def test_fires_and_leaves_the_access_of_another_group() -> None:
    file = replace(FILE, gid=104, group="ssl-cert", mode=0o640)
    shut = replace(ACCESS, parts=(ROOT, FOLDER, file))
    (claim,) = judge(CHECK, nginx_says(), config(), OTHERS, shut)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not any("chgrp" in command for command in commands(claim))


def test_fires_for_a_folder_on_the_way() -> None:
    shut = replace(ACCESS, parts=(ROOT, replace(FOLDER, mode=0o700), replace(FILE, mode=0o644)))
    (claim,) = judge(CHECK, nginx_says(), config(), OTHERS, shut)
    assert commands(claim)[:2] == ["chgrp www-data /etc/nginx", "chmod g+x /etc/nginx"]


def test_fires_by_the_masters_own_log() -> None:
    (claim,) = judge(CHECK, nginx_says(), config(), OTHERS, ACCESS, LINE)
    assert claim.facts["message"]


def test_fires_when_it_does_not_run_and_root_may_read_it() -> None:
    (claim,) = judge(CHECK, nginx_says(), config(), STOPPED, UNKNOWN, LINE)
    assert claim.confidence is Confidence.LIKELY
    assert commands(claim) == ["nginx -t", "nginx"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_by_the_test_of_an_earlier_nginx() -> None:
    assert judge(CHECK, nginx_says(EARLIER), config(), STOPPED)


def test_fires_for_a_label_that_came_along_with_the_file() -> None:
    # Recorded: SELinux cannot run in the laboratory.
    label = "unconfined_u:object_r:admin_home_t:s0"
    parts = (ROOT, FOLDER, replace(FILE, label=label))
    observation = replace(
        UNKNOWN, parts=parts, enforcing=True, default="system_u:object_r:httpd_config_t:s0"
    )
    start = NginxStart(
        messages=nginx_parser.messages(f"nginx: [emerg] {SAID}"),
        selinux="enforcing",
        source="journal",
    )
    (claim,) = judge(CHECK, nginx_says(), config(), STOPPED, observation, start)
    assert claim.facts["label"] == label
    assert commands(claim)[0] == "restorecon -v /etc/nginx/shop.key"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    restore = claim.fix.steps[0]
    assert isinstance(restore, Command)
    assert restore.undo == ("chcon", label, "/etc/nginx/shop.key")


def test_fires_and_opens_no_home() -> None:
    path = "/root/shop.key"
    site = SITE.replace("ssl_certificate_key shop.key", f"ssl_certificate_key {path}")
    parts = (ROOT, replace(FOLDER, path="/root", mode=0o700), replace(FILE, path=path))
    said = nginx_says(SAID.replace(KEY, path))
    (claim,) = judge(CHECK, said, config(site), OTHERS, replace(ACCESS, path=path, parts=parts))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_for_roots_own_key_when_root_runs_nginx() -> None:
    masters = (replace(RUNNING.masters[0], user=0),)
    assert not judge(CHECK, nginx_says(), config(), replace(RUNNING, masters=masters), UNKNOWN)


def test_silent_when_the_group_or_an_access_list_admits() -> None:
    mine = replace(ACCESS, parts=(ROOT, FOLDER, replace(FILE, gid=33, mode=0o640)))
    listed = replace(ACCESS, parts=(ROOT, FOLDER, replace(FILE, listed=True)))
    assert not judge(CHECK, nginx_says(), config(), OTHERS, mine)
    assert not judge(CHECK, nginx_says(), config(), OTHERS, listed)


def test_silent_when_it_was_put_right_since() -> None:
    mine = replace(ACCESS, parts=(ROOT, FOLDER, replace(FILE, gid=33, mode=0o640)))
    assert not judge(CHECK, nginx_says(), config(), OTHERS, mine, LINE)
    start = NginxStart(messages=nginx_parser.messages(f"nginx: [emerg] {SAID}"), user="www-data")
    assert not judge(CHECK, nginx_says(), config(), STOPPED, mine, start)
    assert judge(CHECK, nginx_says(), config(), STOPPED, ACCESS, start)


def test_silent_for_what_another_process_or_an_earlier_load_said() -> None:
    root = replace(RUNNING, masters=(replace(RUNNING.masters[0], user=0),))
    for line in (replace(LINE, pid=99), replace(LINE, when=LOADED - 60)):
        assert not judge(CHECK, nginx_says(), config(), root, UNKNOWN, line)


def test_silent_when_nginx_wrote_something_later_or_another_has_the_port() -> None:
    after = replace(LINE, when=LOADED + 90, level="error", pid=50, text="upstream timed out")
    log = ErrorLog(file=LINE.file, until=LOADED + 100)
    caddy = Listeners(sockets=(Listener(address="0.0.0.0", port=443, family=4, process="caddy"),))
    assert not judge(CHECK, nginx_says(), config(), STOPPED, UNKNOWN, LINE, after, log)
    assert not judge(CHECK, nginx_says(), config(), STOPPED, UNKNOWN, LINE, log, caddy)
