from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Failure, Manual, commands
from diagnose.model.applications import ReadSetting
from diagnose.model.backends import BackendVisit
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners
from diagnose.model.upstream import Permissions, Selinux, UpstreamSocket
from tests.support.check_evidence import REFUSED, judge
from tests.support.nginx_evidence import SITE, config
from tests.support.upstreams import PAGE, line, proxied, tried

CHECK = "upstream.socket-unreachable"
PATH = "/run/app/app.sock"
TARGET = f"http://unix:{PATH}"
MISSING = Failure("missing", "No such file or directory", 2, "ENOENT")
OPEN = tried(TARGET, "", host="", port=0, socket=PATH)
FOLDERS = (Permissions("/run/app", "drwxr-xr-x", 0, 0), Permissions("/run", "drwxr-xr-x", 0, 0))


def socket(
    mode: str, group: int = 60, folders: tuple[Permissions, ...] = FOLDERS, user: int | None = 33
) -> UpstreamSocket:
    own = Permissions(PATH, mode, 0, group)
    names = ("www-data", "games")
    return UpstreamSocket(path=PATH, above=(own, *folders), user=user, groups=(33,), names=names)


def test_fires_when_it_is_missing() -> None:
    (claim,) = judge(CHECK, replace(OPEN, failure=MISSING), PAGE, proxied(TARGET))
    assert claim.facts["missing"]


def test_fires_and_names_the_socket_on_which_the_application_listens() -> None:
    there = UpstreamSocket(
        path=PATH, failure=MISSING, listening=("/run/app.sock", "/run/dbus/system_bus_socket")
    )
    (claim,) = judge(CHECK, replace(OPEN, failure=MISSING), there, PAGE, proxied(TARGET))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://unix:/run/app.sock;" in edit.diff
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_a_socket_that_another_pass_leads_to_may_be_another_sites() -> None:
    there = UpstreamSocket(path=PATH, failure=MISSING, listening=("/run/app.sock",))
    other = "server { listen 8080; location / { proxy_pass http://unix:/run/app.sock:/; } }\n"
    text = SITE.replace("http://127.0.0.1:3000", TARGET) + other
    (claim,) = judge(CHECK, replace(OPEN, failure=MISSING), there, PAGE, config(text))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


FPM = "/run/php/php8.2-fpm.sock"


def unserved(path: str, *listening: str, directive: str = "fastcgi_pass", more: str = "") -> Claim:
    """The claim about a socket that is not there, while programs listen on others."""
    target = f"unix:{path}" if directive == "fastcgi_pass" else f"http://unix:{path}"
    text = SITE.replace("proxy_pass http://127.0.0.1:3000", f"{directive} {target}") + more
    attempt = tried(target, "", host="", port=0, socket=path, failure=MISSING)
    there = UpstreamSocket(path=path, failure=MISSING, listening=listening)
    (claim,) = judge(CHECK, attempt, there, PAGE, config(text))
    return claim


@pytest.mark.parametrize("name", ["/var/run/php/php7.4-fpm.sock", "/run/php5-fpm.sock"])
def test_fires_and_names_the_only_socket_of_the_same_program(name: str) -> None:
    claim = unserved(name, FPM, "/run/dbus/system_bus_socket", "/run/app.sock")
    assert (claim.facts["socket"], claim.facts["program"]) == (FPM, "PHP-FPM")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+        fastcgi_pass unix:{FPM};" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_lists_the_sockets_where_several_programs_of_it_listen() -> None:
    claim = unserved("/run/php/php7.4-fpm.sock", FPM, "/run/php/php8.3-fpm.sock")
    assert claim.facts["elsewhere"] == (FPM, "/run/php/php8.3-fpm.sock")
    assert claim.facts["socket"] == ""
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_and_edits_no_line_for_a_pool_with_a_name_of_its_own() -> None:
    claim = unserved("/run/php/shop.sock", FPM)
    assert claim.facts["socket"] == FPM
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_a_socket_left_behind_by_an_older_version() -> None:
    path = "/run/php/php7.4-fpm.sock"
    attempt = tried(f"unix:{path}", "", host="", port=0, socket=path, failure=REFUSED)
    own = Permissions(path, "srw-rw----", 33, 33)
    there = UpstreamSocket(path=path, above=(own,), user=33, listening=(FPM,))
    text = SITE.replace("proxy_pass http://127.0.0.1:3000", f"fastcgi_pass unix:{path}")
    (claim,) = judge(CHECK, attempt, there, PAGE, config(text))
    assert claim.facts["refused"]
    assert claim.facts["socket"] == FPM


def test_fires_and_names_the_only_socket_of_the_applications_own_folder() -> None:
    claim = unserved("/run/shop/app.sock", "/run/shop/web.sock", FPM, directive="proxy_pass")
    assert claim.facts["socket"] == "/run/shop/web.sock"
    gunicorn = unserved("/run/gunicorn.sock", "/run/gunicorn-shop.sock", directive="proxy_pass")
    assert gunicorn.facts["socket"] == "/run/gunicorn-shop.sock"


def test_fires_and_takes_no_other_programs_socket_for_the_applications() -> None:
    """Folders that all programs share, the socket of another application, the file itself by
    another name, and a program of another kind."""
    assert not unserved("/run/a.sock", "/run/b.sock", directive="proxy_pass").facts["elsewhere"]
    other = "server { listen 8080; location / { proxy_pass http://unix:/run/shop/web.sock:/; } }\n"
    path = "/run/shop/app.sock"
    used = unserved(path, "/run/shop/web.sock", directive="proxy_pass", more=other)
    assert not used.facts["elsewhere"]
    assert not unserved(f"/var{FPM}", FPM).facts["elsewhere"]
    assert not unserved("/run/fcgiwrap.socket", FPM).facts["elsewhere"]


def test_fires_when_a_program_listens_and_the_file_is_not_there() -> None:
    there = UpstreamSocket(path=PATH, failure=MISSING, listening=(PATH, "/run/other.sock"))
    (claim,) = judge(CHECK, replace(OPEN, failure=MISSING), there, PAGE, proxied(TARGET))
    assert claim.facts["apart"]
    assert not claim.facts["missing"]


def test_fires_when_nobody_listens_behind_it() -> None:
    (claim,) = judge(CHECK, replace(OPEN, failure=REFUSED), socket("srw-rw-rw-"), proxied(TARGET))
    assert claim.facts["refused"]


def test_fires_when_it_is_no_socket() -> None:
    (claim,) = judge(CHECK, replace(OPEN, failure=REFUSED), socket("-rw-r--r--"), proxied(TARGET))
    assert claim.facts["file"]


def test_fires_when_nginx_s_user_may_not_though_we_may() -> None:
    (claim,) = judge(CHECK, OPEN, socket("srw-rw----"), PAGE, proxied(TARGET))
    assert claim.facts["denied"]
    assert claim.fix
    assert claim.fix.steps[0] == commands.add_to_group("www-data", "games")


def test_the_pool_of_php_fpm_gives_its_socket_to_nginx() -> None:
    read = ReadSetting(
        application="php", topic="socket", key="listen.owner", values=("root",), wanted="www-data",
        file="/etc/php/8.4/fpm/pool.d/www.conf", number=9, line="listen.owner = root",
        new="listen.owner = www-data", unit="php8.4-fpm",
    )  # fmt: skip
    (claim,) = judge(CHECK, OPEN, socket("srw-rw----"), PAGE, proxied(TARGET), read)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-listen.owner = root\n+listen.owner = www-data" in edit.diff


def test_fires_and_makes_nobody_a_member_of_root_s_group() -> None:
    (claim,) = judge(CHECK, OPEN, socket("srw-rw----", 0), PAGE, proxied(TARGET))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_at_a_folder_that_is_closed() -> None:
    closed = (Permissions("/run/app", "drwx------", 0, 0), FOLDERS[1])
    (claim,) = judge(CHECK, OPEN, socket("srw-rw-rw-", folders=closed), PAGE, proxied(TARGET))
    assert claim.facts["blocker"] == "/run/app"
    assert claim.facts["folder"]


def test_fires_by_the_log_where_nobody_could_look() -> None:
    said = line(
        f"connect() to unix:{PATH} failed (13: Permission denied) while connecting to upstream",
        f"{TARGET}:/",
        13,
    )
    (claim,) = judge(CHECK, OPEN, said, PAGE, proxied(TARGET))
    assert claim.facts["denied"]
    assert not claim.facts["blocker"]
    enforcing = Selinux(mode="Enforcing")
    assert not judge(CHECK, OPEN, said, enforcing, PAGE, proxied(TARGET))


def denied_at(path: str) -> LogLine:
    """A line about another path than the page's, older than the run."""
    text = f"connect() to unix:{PATH} failed (13: Permission denied) while connecting to upstream"
    return replace(line(text, f"{TARGET}:{path}", 13), request=f"GET {path} HTTP/1.1")


def test_silent_when_the_rights_were_mended_since_the_line() -> None:
    works = replace(PAGE, status=200)
    old = denied_at("/index.php")
    assert not judge(CHECK, OPEN, old, socket("srw-rw----", 33), works, proxied(TARGET))
    (claim,) = judge(CHECK, OPEN, old, socket("srw-rw----"), works, proxied(TARGET))
    assert claim.confidence is Confidence.CERTAIN


def test_a_line_alone_is_not_certain_where_nobody_could_look() -> None:
    works = replace(PAGE, status=200)
    for unseen in ((), (socket("srw-rw----", 33, user=None),)):
        (claim,) = judge(CHECK, OPEN, denied_at("/index.php"), *unseen, works, proxied(TARGET))
        assert claim.confidence is Confidence.LIKELY


def test_fires_when_open_rights_do_not_help() -> None:
    """The page fails in this run, with the same line: something else than the rights denies it."""
    said = denied_at("/")
    (claim,) = judge(CHECK, OPEN, said, socket("srw-rw----", 33), PAGE, proxied(TARGET))
    assert claim.confidence is Confidence.CERTAIN


def test_silent_when_nginx_s_user_may() -> None:
    assert not judge(CHECK, OPEN, socket("srw-rw-rw-"), proxied(TARGET))
    assert not judge(CHECK, OPEN, socket("srw-rw----", 33), proxied(TARGET))
    assert not judge(CHECK, OPEN, socket("srw-rw----", user=0), proxied(TARGET))


def test_silent_when_an_access_control_list_may_allow_it() -> None:
    own = Permissions(PATH, "srw-rw----", 0, 60, extended=True)
    observation = replace(socket("srw-rw----"), above=(own, *FOLDERS))
    assert not judge(CHECK, OPEN, observation, proxied(TARGET))


def test_silent_when_nobody_could_look_or_another_of_the_group_is_up() -> None:
    assert not judge(CHECK, OPEN, socket("srw-rw----", user=None), proxied(TARGET))
    group = f"upstream app {{ server unix:{PATH}; server 127.0.0.1:3000; }}\n"
    gone = replace(OPEN, target="http://app", failure=MISSING)
    assert not judge(CHECK, gone, tried("http://app"), proxied("http://app", group))


def test_fires_where_nginx_has_a_folder_of_its_own() -> None:
    """PrivateTmp=true: the socket is there for us, and nginx finds nothing."""
    target = "http://unix:/tmp/app.sock"
    there = tried(target, "", host="", port=0, socket="/tmp/app.sock")
    master = NginxProcess(pid=7, binary="/usr/sbin/nginx", private=("/tmp", "/var/tmp"))
    state = NginxState(installed=True, masters=(master,))
    (claim,) = judge(CHECK, there, PAGE, proxied(target), state)
    assert claim.facts["hidden"]
    assert claim.facts["private"] == "/tmp"
    missing = replace(there, failure=MISSING)
    assert judge(CHECK, missing, PAGE, proxied(target), state)[0].facts["missing"]


def test_silent_where_the_site_works_whatever_we_see_in_a_folder_of_nginxs_own() -> None:
    """Both units may share a /tmp that is not ours (JoinsNamespaceOf=)."""
    target = "http://unix:/tmp/app.sock"
    there = tried(target, "", host="", port=0, socket="/tmp/app.sock")
    master = NginxProcess(pid=7, binary="/usr/sbin/nginx", private=("/tmp",))
    state = NginxState(installed=True, masters=(master,))
    for one in (there, replace(there, failure=MISSING)):
        assert not judge(CHECK, one, proxied(target), state)


def test_a_socket_of_systemd_in_place_of_one_in_the_projects_folder() -> None:
    """Guides of two ages: the socket of Gunicorn was in the project's folder, and is below /run."""
    old = "/home/shop/project/project.sock"
    claim = unserved(
        old, "/run/dbus/system_bus_socket", "/run/gunicorn.sock", directive="proxy_pass"
    )
    assert (claim.facts["socket"], claim.facts["program"]) == ("/run/gunicorn.sock", "Gunicorn")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    several = unserved(old, "/run/gunicorn.sock", "/run/uvicorn.sock", directive="proxy_pass")
    assert (several.facts["socket"], len(several.facts["elsewhere"])) == ("", 2)  # type: ignore[arg-type]
    # PHP and a program of FastCGI speak no HTTP.
    assert not unserved(old, "/run/gunicorn.sock").facts["elsewhere"]


def test_a_program_with_a_port_in_place_of_a_socket() -> None:
    node = Listener(address="127.0.0.1", port=8000, family=4, process="gunicorn")
    visit = BackendVisit(target="http://127.0.0.1:8000", requested="/", path="/", status=200)
    missing = replace(OPEN, failure=MISSING)
    text = SITE.replace("http://127.0.0.1:3000", TARGET)
    (claim,) = judge(CHECK, missing, config(text), Listeners(sockets=(node,)), visit)
    assert claim.facts["sole"] == "127.0.0.1:8000"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:8000;" in edit.diff
