from dataclasses import replace
from typing import Any

import pytest

from checks.server import ServerView
from checks.server._program_sockets import opening_fix
from diagnose.model import Applicability, Edit, Failure
from diagnose.model.applications import ReadSetting
from diagnose.model.backends import BackendSocket, BackendVisit, MemberAnswer
from diagnose.model.logs import ServerRequestError
from diagnose.model.upstream import Permissions, UpstreamSocket
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import CHAT, evidence, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.backend-not-reached"
FAILED = replace(ANSWER, status=503)
SOCKET = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="socket",
    message="AH02454: FCGI: attempt to connect to Unix domain socket /run/php/php8.2-fpm.sock",
    file="/run/php/php8.2-fpm.sock",
    errno=2,
)
NAME = replace(
    SOCKET,
    reason="backend-name",
    message="AH00898: DNS lookup failure for: 127.0.0.1:3000login returned by /login",
    file="",
    errno=0,
    backend="127.0.0.1:3000login",
)


def test_fires_for_a_socket_that_is_not_there() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), SOCKET, FAILED)
    assert claim.facts["missing"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_the_missing_slash_and_writes_it() -> None:
    site = HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass / http://127.0.0.1:3000")
    (claim,) = judge(CHECK, APACHE, apache_config(site), NAME, FAILED)
    assert claim.facts["slash"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass / http://127.0.0.1:3000/\n" in edit.diff


@pytest.mark.parametrize(("reason", "errno"), [("selinux", 13), ("timeout", 70007)])
def test_fires_for_other_connections(reason: str, errno: int) -> None:
    error = replace(NAME, reason=reason, errno=errno, backend="127.0.0.1:3000")  # type: ignore[arg-type]
    (claim,) = judge(CHECK, APACHE, apache_config(), error, FAILED)
    assert claim.facts[reason]


def test_silent_when_a_page_came_or_the_reason_is_another() -> None:
    assert not judge(CHECK, APACHE, apache_config(), SOCKET, ANSWER)
    denied = replace(SOCKET, reason="denied", file="/srv/shop/")
    assert not judge(CHECK, APACHE, apache_config(), denied, FAILED)


def test_fires_for_a_socket_without_a_log() -> None:
    target = "unix:/run/app.sock|http://localhost/"
    config = apache_config(HTTPS.replace("http://127.0.0.1:3000/", target))
    gone = BackendSocket(target=target, path="/run/app.sock", exists=False)
    (claim,) = judge(CHECK, APACHE, config, gone, FAILED)
    assert claim.facts["file"] == "/run/app.sock"
    assert not judge(CHECK, APACHE, config, replace(gone, exists=True), FAILED)


OWN = apache_config(
    HTTPS.replace("http://127.0.0.1:3000/", "unix:/run/app/app.sock|http://localhost/")
)
REACHED = BackendSocket(
    target="unix:/run/app/app.sock|http://localhost/",
    path="/run/app/app.sock",
    exists=True,
    status=200,
)


def permissions(mode: str, folder: str = "drwxr-xr-x") -> UpstreamSocket:
    return UpstreamSocket(
        path="/run/app/app.sock",
        above=(
            Permissions("/run/app/app.sock", mode, 0, 0),
            Permissions("/run/app", folder, 0, 0),
            Permissions("/", "drwxr-xr-x", 0, 0),
        ),
        user=101,
        groups=(101,),
        names=("haproxy", "root"),
    )


def test_fires_for_a_socket_that_the_user_of_the_server_may_not_use() -> None:
    (claim,) = judge(CHECK, APACHE, OWN, REACHED, permissions("srw-rw----"), FAILED)
    assert (claim.facts["forbidden"], claim.facts["user"]) == (True, "haproxy")
    assert claim.facts["blocker"] == "/run/app/app.sock"
    (claim,) = judge(CHECK, APACHE, OWN, REACHED, permissions("srw-rw-rw-", "drwx------"), FAILED)
    assert (claim.facts["blocker"], claim.facts["folder"]) == ("/run/app", True)


def test_a_group_is_given_to_apache_alone() -> None:
    """HAProxy gives up all groups but its own, and Caddy keeps those that it started with."""
    closed = permissions("srw-rw----")
    part = replace(closed.above[0], group=33)
    closed = replace(closed, above=(part, *closed.above[1:]), names=("www-data", "shop"))
    (claim,) = judge(CHECK, APACHE, OWN, REACHED, closed, FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    view = ServerView(evidence(APACHE, OWN), replace(APACHE, product="haproxy"), None, None)
    assert opening_fix(view, closed, part) is None


def test_silent_for_a_socket_that_it_may_use() -> None:
    allowed = permissions("srw-rw-rw-")
    assert not judge(CHECK, APACHE, OWN, REACHED, allowed, FAILED)
    listed = replace(permissions("srw-rw----").above[0], extended=True)
    extended = replace(allowed, above=(listed, *allowed.above[1:]))
    assert not judge(CHECK, APACHE, OWN, REACHED, extended, FAILED)
    assert not judge(CHECK, APACHE, OWN, REACHED, permissions("srw-rw----"), ANSWER)


def test_fires_for_a_socket_outside_of_the_root_of_the_server() -> None:
    shut_in = replace(permissions("srw-rw-rw-"), root="/var/lib/haproxy")
    (claim,) = judge(CHECK, APACHE, OWN, REACHED, shut_in, FAILED)
    assert (claim.facts["root"], claim.facts["forbidden"]) == ("/var/lib/haproxy", False)
    silent = replace(REACHED, status=None)
    assert not judge(CHECK, APACHE, OWN, silent, shut_in, FAILED)


ELSEWHERE = apache_config(HTTPS.replace("127.0.0.1:3000/", "192.0.2.7:3000/"))
VISIT = BackendVisit(
    target="http://192.0.2.7:3000/", requested="/", path="/",
    failure=Failure("refused", "Connection refused"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "connected", "fact"),
    [
        ("refused", False, "refused"),
        ("unreachable", False, "unreachable"),
        ("timeout", False, "unreachable"),
    ],
)
def test_fires_where_this_run_does_not_reach_it_either(
    kind: Any, connected: bool, fact: str
) -> None:
    visit = replace(VISIT, failure=Failure(kind, "no"), connected=connected)
    (claim,) = judge(CHECK, APACHE, ELSEWHERE, visit, FAILED, masked=False)
    assert claim.facts[fact] is True
    assert claim.facts["endpoint"] == "192.0.2.7:3000"


def test_silent_where_the_application_took_the_connection_or_is_at_loopback() -> None:
    late = replace(VISIT, failure=Failure("timeout", "timed out"), connected=True)
    assert not judge(CHECK, APACHE, ELSEWHERE, late, FAILED)
    local = replace(VISIT, target="http://127.0.0.1:3000/")
    assert not judge(CHECK, APACHE, apache_config(), local, FAILED)


FAR = apache_config(HTTPS.replace("ws://127.0.0.1:3000/ws", "ws://192.0.2.7:3001/ws"))
HANDSHAKE = replace(VISIT, target="ws://192.0.2.7:3001/ws", requested="/ws", websocket=True)


def test_fires_for_a_websocket_whose_application_is_not_reached_while_pages_come() -> None:
    observations = (APACHE, FAR, HANDSHAKE, ANSWER)
    (claim,) = judge(CHECK, *observations, upgrade(503), target=CHAT, masked=False)
    assert claim.facts["endpoint"] == "192.0.2.7:3001"
    assert claim.about.path == "/ws"


def test_silent_for_a_websocket_that_was_refused_or_opened() -> None:
    observations = (APACHE, FAR, HANDSHAKE, ANSWER)
    assert not judge(CHECK, *observations, upgrade(404), target=CHAT, masked=False)
    opened = upgrade(101, accepted=True)
    assert not judge(CHECK, *observations, upgrade(503), opened, target=CHAT, masked=False)
    answered = replace(HANDSHAKE, failure=None, status=400)
    assert not judge(CHECK, APACHE, FAR, answered, ANSWER, upgrade(503), target=CHAT, masked=False)


def test_fires_for_a_name_without_an_address_in_containers_too() -> None:
    config = caddy_config(json_document=document("shop.example.com", dial="app:3000"))
    failure = Failure("other", "Could not resolve host: app")
    visit = BackendVisit(
        target="http://app:3000", requested="/", path="/", failure=failure, connected=False
    )
    bad = replace(ANSWER, status=502)
    for server in (CADDY, replace(CADDY, container="web")):
        (claim,) = judge(CHECK, server, config, visit, bad)
        assert (claim.facts["backend_name"], claim.facts["endpoint"]) == (True, "app")
    other = replace(visit, failure=Failure("other", "Empty reply from server"))
    assert not judge(CHECK, CADDY, config, other, bad)


def test_fires_for_the_missing_socket_of_the_only_application_of_a_site() -> None:
    php = php_config("unix//run/php/php8.2-fpm.sock")
    socket = BackendSocket(
        target="fcgi://unix//run/php/php8.2-fpm.sock",
        path="/run/php/php8.2-fpm.sock",
        exists=False,
    )
    (claim,) = judge(CHECK, CADDY, php, socket, replace(ANSWER, status=502))
    assert claim.facts["file"] == "/run/php/php8.2-fpm.sock"
    assert not judge(CHECK, CADDY, php, replace(socket, exists=True), replace(ANSWER, status=502))
    assert not judge(CHECK, CADDY, php, socket, replace(ANSWER, status=404))


def php_config(dial: str) -> WebServerConfig:
    """A site of Caddy whose route to PHP depends on files."""
    made: Any = document("shop.example.com", dial=dial)
    routes = made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"]
    routes[0] |= {"match": [{"path": ["*.php"]}]}
    routes[0]["handle"][0]["transport"] = {"protocol": "fastcgi"}
    return caddy_config(json_document=made)


def test_fires_for_a_group_of_which_no_name_has_an_address() -> None:
    dial = "app1.internal:3000 app2.internal:3000"
    config = caddy_config(json_document=document("shop.example.com", dial=dial))
    failure = Failure("other", "Could not resolve host: app1.internal")
    one, two = (
        MemberAnswer(member=f"app{number}.internal:3000", path="/", failure=failure)
        for number in (1, 2)
    )
    (claim,) = judge(CHECK, CADDY, config, FAILED, one, two)
    assert claim.facts["backend_name"]
    assert claim.facts["endpoint"] == "app1.internal"
    assert not judge(CHECK, CADDY, config, FAILED, one)
    other = replace(two, failure=None, status=200, connected=True)
    assert not judge(CHECK, CADDY, config, FAILED, one, other)


PATH = "/run/php/php8.2-fpm.sock"
HANDLER = f"""\
<FilesMatch "\\.php$">
    SetHandler "proxy:unix:{PATH}|fcgi://localhost"
</FilesMatch>
"""
WITH_PHP = apache_config(HTTPS.replace("</VirtualHost>", f"{HANDLER}</VirtualHost>"))


def missing(*listening: str) -> UpstreamSocket:
    return UpstreamSocket(
        path=PATH, failure=Failure("missing", "No such file"), listening=listening
    )


def test_writes_the_only_other_socket_of_php_fpm() -> None:
    seen = missing("/run/dbus/system_bus_socket", "/run/php/php8.4-fpm.sock")
    (claim,) = judge(CHECK, APACHE, WITH_PHP, SOCKET, seen, FAILED)
    assert claim.facts["other_socket"] == "/run/php/php8.4-fpm.sock"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+    SetHandler "proxy:unix:/run/php/php8.4-fpm.sock|fcgi://localhost"' in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize(
    "listening", [(), ("/run/app.sock",), ("/run/php/php8.1-fpm.sock", "/run/php/php8.4-fpm.sock")]
)
def test_leaves_the_choice_of_a_socket_to_a_person(listening: tuple[str, ...]) -> None:
    (claim,) = judge(CHECK, APACHE, WITH_PHP, SOCKET, missing(*listening), FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_leaves_the_socket_of_a_pool_of_its_own_to_a_person() -> None:
    own = "/run/php/shop.sock"
    site = HTTPS.replace("</VirtualHost>", f"{HANDLER.replace(PATH, own)}</VirtualHost>")
    seen = replace(missing("/run/php/php8.4-fpm.sock"), path=own)
    (claim,) = judge(CHECK, APACHE, apache_config(site), replace(SOCKET, file=own), seen, FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def closed(group: int, name: str) -> UpstreamSocket:
    return UpstreamSocket(
        path=PATH,
        above=(
            Permissions(PATH, "srw-rw----", 990, group),
            Permissions("/run/php", "drwxr-xr-x", 0, 0),
            Permissions("/", "drwxr-xr-x", 0, 0),
        ),
        user=33,
        groups=(33,),
        names=("www-data", name),
    )


OWNER = ReadSetting(
    application="php", topic="socket", key="listen.owner", wanted="www-data", source="file",
    file="/etc/php/8.2/fpm/pool.d/www.conf", number=5, line="listen.owner = nginx",
    new="listen.owner = www-data", unit="php8.2-fpm",
)  # fmt: skip


def test_gives_the_socket_of_a_handler_to_the_servers_user() -> None:
    denied = replace(SOCKET, errno=13)
    (claim,) = judge(CHECK, APACHE, WITH_PHP, denied, closed(0, "root"), OWNER, FAILED)
    assert (claim.facts["user"], claim.facts["blocker"]) == ("www-data", PATH)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+listen.owner = www-data" in edit.diff


def test_adds_the_servers_user_to_the_group_of_the_socket() -> None:
    denied = replace(SOCKET, errno=13)
    (claim,) = judge(CHECK, APACHE, WITH_PHP, denied, closed(991, "php"), FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (claim,) = judge(CHECK, APACHE, WITH_PHP, denied, closed(0, "root"), FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
