"""A WebSocket at the application and through the site: an application on loopback, and the curl of
a server as it was recorded. The application plays the site as well, where nginx would listen."""

import asyncio
import shlex
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Target
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxProcess, NginxState
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.forwarding import speaks_http_1_1
from diagnose.probes.inside import websocket_upstream as probes
from diagnose.probes.inside.remote_curl import ACCEPT, UNTIL_ANSWERED, UPGRADE_FIELDS
from tests.support.check_evidence import CHAT, SHOP
from tests.support.fake_context import Looking
from tests.support.proxied_websockets import looking, route, seen, tried
from tests.support.recorded_machine import RecordedMachine
from tests.support.servers import refusing_application, websocket_application

APPLICATION = "http://127.0.0.1:3000/"
LIVE = replace(CHAT, path="/live", websockets=("/live",))
WEBSOCKET = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=403
)
#: The site is where the application is.
BOTH = Target("127.0.0.1", "http", "127.0.0.1", 0, "/", ("/",))
MASTER = NginxProcess(pid=1, binary="/usr/sbin/nginx")
OPENED = f"< HTTP/1.1 101 Switching Protocols\n< Sec-WebSocket-Accept: {ACCEPT}\n< \n"
REFUSED = "* Connected to 127.0.0.1\n< HTTP/1.1 404 Not Found\n< \n"


@pytest.mark.parametrize(
    ("peer", "url", "words"),
    [
        (("127.0.0.1", 3000), "ws://a.test/ws?a=1", ["http://127.0.0.1:3000/ws?a=1"]),
        (("::1", 443), "wss://a.test/ws", ["https://[::1]:443/ws"]),
        (("unix:/run/a.sock", 0), "ws://a.test/", ["/run/a.sock", "http://localhost:80/"]),
    ],
)
def test_the_curl_command_goes_to_the_peer_and_names_the_host(
    peer: tuple[str, int], url: str, words: list[str]
) -> None:
    request = probes.UpgradeRequest(url, "/ws", peer, "application")
    argv = shlex.split(request.curl_command("1.0"))
    assert {"--http1.0", "Host: a.test", *UPGRADE_FIELDS} < set(argv)
    assert [word for word in argv if "localhost" in word or word in words] == words


@pytest.mark.parametrize(
    ("lines", "version", "is_1_1"),
    [
        ("proxy_http_version 1.1;", "nginx/1.20.0", True),
        ("proxy_http_version 1.0;", "nginx/1.31.0", False),
        ("", "nginx/1.29.6", False),
        ("", "nginx/1.29.7", True),
        ("", "Tengine/3.1.0", False),
    ],
)
def test_nginx_speaks_http_1_1_where_it_is_told_to_or_new(
    lines: str, version: str, is_1_1: bool
) -> None:
    place = route(looking(CHAT), f"location / {{ proxy_pass http://127.0.0.1; {lines} }}").place
    build = NginxBuild(binary="nginx", version=version)
    assert speaks_http_1_1(place, (build,)) is is_1_1


@pytest.mark.parametrize("through", [["application"], ["application", "front"]])
def test_the_site_is_tried_from_here_only_where_no_visitor_tries_it(through: list[str]) -> None:
    text = "location / { proxy_pass http://127.0.0.1:PORT; proxy_http_version 1.1; }"
    look = tried(websocket_application, BOTH, text, outside="front" not in through)
    assert seen(look) == [(one, "normal", 101) for one in through]


@pytest.mark.parametrize(
    ("masters", "through"), [((MASTER,), ["application", "front"]), ((), ["application"])]
)
def test_a_path_of_an_nginx_that_does_not_run_is_none_of_the_site(
    masters: tuple[NginxProcess, ...], through: list[str]
) -> None:
    text = "location / { proxy_pass http://127.0.0.1:PORT; proxy_http_version 1.1; }"
    state = NginxState(installed=True, masters=masters)
    look = tried(websocket_application, replace(BOTH, websockets=()), text, before=(state,))
    assert seen(look) == [(each, "normal", 101) for each in through]


def test_over_http_1_0_too_where_nginx_would_speak_that() -> None:
    text = "location / { proxy_pass http://127.0.0.1:PORT; }"
    first, second = tried(websocket_application, CHAT, text).observed(Upgrade)
    assert (first.variant, first.accepted) == ("normal", True)
    assert (second.variant, second.accepted, second.fault) == ("http-1.0", False, "status")


def test_a_path_that_nginx_strips_is_tried_whole_as_well() -> None:
    text = "location /live { proxy_pass http://127.0.0.1:PORT/; }"
    first, second = tried(refusing_application, LIVE, text).observed(Upgrade)
    assert (first.variant, first.url[-1]) == ("normal", "/")
    assert (second.variant, second.url[-5:]) == ("whole-path", "/live")


def test_a_prefix_that_nginx_keeps_is_left_out_as_well() -> None:
    text = "location /live { proxy_pass http://127.0.0.1:PORT; }"
    first, second = tried(refusing_application, LIVE, text).observed(Upgrade)
    assert (first.variant, first.url[-5:]) == ("normal", "/live")
    assert (second.variant, second.url[-1]) == ("bare-path", "/")


def curl(url: str, *options: str, version: str = "1.1", host: str = "127.0.0.1:3000") -> str:
    fields = ((f"Host: {host}",) if host else ()) + UPGRADE_FIELDS
    argv = ["curl", "-sSkv", "-o", "-", "-m", "1", f"--http{version}", *options]
    argv += [word for field in fields for word in ("-H", field)]
    return shlex.join(("sh", "-c", UNTIL_ANSWERED, "sh", *argv, url))


def by_curl(target: Target, commands: dict[str, str]) -> Looking:
    logs = {line: CommandResult((), 0, "", log, 0.0) for line, log in commands.items()}
    look = looking(target, RecordedMachine(logs))
    place = route(look, "location /live { proxy_pass http://127.0.0.1:3000/; }")
    asyncio.run(probes.try_websocket_by_curl(look, place))
    return look


def test_the_servers_curl_tries_the_same() -> None:
    direct, whole = curl(APPLICATION), curl(f"{APPLICATION}live")
    first, second = seen(by_curl(LIVE, {direct: REFUSED, whole: OPENED}))
    assert first == ("application", "normal", 404)
    assert second == ("application", "whole-path", 101)


def test_a_path_of_the_configuration_is_tried_whole_and_then_at_the_site() -> None:
    """Nobody asked for it, and the application knows it as visitors write it alone."""
    front = curl("https://shop.example.com/live", "--connect-to", "::127.0.0.1:443", host="")
    direct, whole = curl(APPLICATION), curl(f"{APPLICATION}live")
    look = by_curl(SHOP, {direct: REFUSED, whole: OPENED, front: REFUSED})
    assert seen(look) == [
        ("application", "normal", 404),
        ("application", "whole-path", 101),
        ("front", "normal", 404),
    ]
    look = by_curl(SHOP, {direct: REFUSED, whole: REFUSED})
    assert seen(look) == [("application", "normal", 404), ("application", "whole-path", 404)]
    text = "location /live { proxy_pass http://127.0.0.1:PORT/; }"
    variants = [one.variant for one in tried(refusing_application, SHOP, text).observed(Upgrade)]
    assert variants == ["normal", "whole-path"]


def test_what_opens_for_curl_is_tried_through_the_site_and_over_http_1_0() -> None:
    site = "::127.0.0.1:443"
    front = curl("https://shop.example.com/live", "--connect-to", site, host="")
    direct, old = (curl(APPLICATION, version=version) for version in ("1.1", "1.0"))
    look = by_curl(SHOP, {direct: OPENED, front: REFUSED, old: OPENED})
    assert [upgrade.accepted for upgrade in look.observed(Upgrade)] == [True, False, True]
    # A redirect tells nothing of a WebSocket that nobody asked for.
    look = by_curl(SHOP, {direct: OPENED, front: REFUSED.replace("404", "301"), old: REFUSED})
    assert seen(look) == [("application", "normal", 101), ("application", "http-1.0", 404)]
    assert by_curl(SHOP, {}).observations == []


def test_a_socket_of_loopbacks_own_is_not_asked_in_the_visitors_place() -> None:
    """`listen 127.0.0.1:443` in another block: nginx answers there with that block."""
    site = "::127.0.0.1:443"
    front = curl("https://shop.example.com/live", "--connect-to", site, host="")
    logs = {line: CommandResult((), 0, "", OPENED, 0.0) for line in (curl(APPLICATION), front)}
    look = looking(SHOP, RecordedMachine(logs | {front: replace(logs[front], err=REFUSED)}))
    place = route(look, "location /live { proxy_pass http://127.0.0.1:3000/; }")
    other = "http { server { listen 443 ssl; } server { listen 127.0.0.1:443 ssl; } }"
    look.emit(NginxConfig(path="/n.conf", main=parse(other, "/n.conf")))
    asyncio.run(probes.try_websocket_by_curl(look, place))
    assert {upgrade.through for upgrade in look.observed(Upgrade)} == {"application"}


def test_a_refusal_that_nobody_asked_about_means_something_if_another_origin_is_accepted() -> None:
    look = looking(SHOP)
    direct = replace(WEBSOCKET, through="application", status=403)
    without = replace(WEBSOCKET, variant="no-origin", status=101, accepted=True)
    assert look.emit(direct)
    assert probes.refusals_to_judge(look, direct) == ()
    assert look.emit(without)
    assert probes.refusals_to_judge(look, without) == (direct, without)
    look.target = CHAT
    assert probes.refusals_to_judge(look, direct) == (direct,)


def test_a_refusal_means_something_where_the_site_says_that_it_is_the_origin() -> None:
    """n8n closes it with 1008 and its reason; 1008 alone may be a login that is missing."""
    direct = replace(WEBSOCKET, through="application", status=101, accepted=True, close_code=1008)
    closed = replace(
        WEBSOCKET, status=101, accepted=True, ended="close", close_code=1008,
        origin="https://shop.example.com",
    )  # fmt: skip
    for reason, judged in (("Invalid origin!", 2), ("", 0)):
        look = looking(SHOP)
        assert look.emit(direct)
        assert look.emit(replace(closed, close_reason=reason))
        assert len(probes.refusals_to_judge(look, direct)) == judged
