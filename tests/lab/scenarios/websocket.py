"""The page comes, the WebSocket does not."""

from pathlib import Path

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario

MINE = (site.CONF,)
WS = ("--ws", "/ws")
UPGRADE = "    proxy_set_header Upgrade $http_upgrade;\n"
CONNECTION = "    proxy_set_header Connection $connection_upgrade;\n"
HTTP_1_1 = "    proxy_http_version 1.1;\n"
LOCATION = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]
HOST = "    proxy_set_header Host $http_host;\n    proxy_set_header Upgrade"
APPLICATION = "the application has to be mended"


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE
)
def upgrade_headers_missing(lab: Lab) -> None:
    """The location passes neither Upgrade nor Connection on."""
    lab.edit(UPGRADE, "")
    lab.change(CONNECTION, "")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE
)
def upgrade_header_missing(lab: Lab) -> None:
    """The location passes Connection on, and not Upgrade."""
    lab.change(UPGRADE, "")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE
)
def connection_header_is_close(lab: Lab) -> None:
    """Connection: close, as a template had it."""
    lab.change(CONNECTION, "    proxy_set_header Connection close;\n")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE
)
def connection_header_is_emptied(lab: Lab) -> None:
    """Connection "", as the advice for keepalive has it."""
    lab.change(CONNECTION, '    proxy_set_header Connection "";\n')


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE
)
def only_the_general_location(lab: Lab) -> None:
    """The Q&A's case: location / proxies everything, and knows nothing of upgrades."""
    lab.change(LOCATION, "")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE
)
def headers_missing_and_400(lab: Lab) -> None:
    """An application that answers 400, as aiohttp and Tornado do."""
    lab.application("--without-upgrade", "400 Bad Request")
    lab.change(UPGRADE, "")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE
)
def headers_missing_and_404(lab: Lab) -> None:
    """An application that answers 404, as uvicorn does."""
    lab.application("--without-upgrade", "404 Not Found")
    lab.change(UPGRADE, "")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE
)
def headers_missing_and_200(lab: Lab) -> None:
    """An application that answers 200, and a page."""
    lab.application("--without-upgrade", "200 OK")
    lab.change(UPGRADE, "")


@scenario(outside="websocket.not-upgraded", server="websocket.http-1-0", differs=MINE)
def http_1_0_to_the_application(lab: Lab) -> None:
    """Both headers are there, proxy_http_version is not, and the application cares."""
    lab.change(HTTP_1_1 + HOST, HOST)


@scenario(outside="tcp.refused", server="websocket.map-missing", differs=MINE)
def map_missing(lab: Lab) -> None:
    """$connection_upgrade is used and never defined: nginx does not start."""
    lab.edit(site.MAP, "")
    lab.stop_nginx()
    lab.try_to_start_nginx()


@scenario(outside=None, server="websocket.map-missing", differs=MINE)
def map_missing_since_the_last_start(lab: Lab) -> None:
    """The map was taken out; the running nginx still has it."""
    lab.edit(site.MAP, "")


@scenario(outside="websocket.not-upgraded", server="websocket.headers-wiped", differs=MINE)
def headers_wiped_by_the_location(lab: Lab) -> None:
    """The headers stand in the server block; the location sets one of its own."""
    lab.edit(UPGRADE + CONNECTION, "")
    lab.change("  location / {", UPGRADE[2:] + CONNECTION[2:] + "\n  location / {")


@scenario(outside="websocket.not-upgraded", server="websocket.path-stripped", differs=MINE)
def path_stripped_by_a_slash(lab: Lab) -> None:
    """proxy_pass http://…/ takes /ws away."""
    lab.change(LOCATION, LOCATION.replace("127.0.0.1:3000;", "127.0.0.1:3000/;"))


@scenario(outside="websocket.not-upgraded", server="websocket.no-location", differs=MINE)
def a_single_page_application_answers(lab: Lab) -> None:
    """Files and try_files; nothing proxies /ws."""
    lab.server.write("/var/www/shop/index.html", "<!doctype html><p>It works.</p>\n")
    lab.edit(LOCATION, "")
    start = site.HTTPS.index("    proxy_pass")
    block = site.HTTPS[start : site.HTTPS.index("  }", start)]
    lab.change(block, "    root /var/www/shop;\n    try_files $uri /index.html;\n")


@scenario(outside="websocket.not-upgraded", server="websocket.no-location", differs=MINE)
def a_single_page_application_with_an_interface(lab: Lab) -> None:
    """Files and try_files; /api/ is proxied, and /ws is not."""
    lab.server.write("/var/www/shop/index.html", "<!doctype html><p>It works.</p>\n")
    lab.edit(LOCATION, LOCATION.replace("location /ws", "location /api/"))
    start = site.HTTPS.index("    proxy_pass")
    block = site.HTTPS[start : site.HTTPS.index("  }", start)]
    lab.change(block, "    root /var/www/shop;\n    try_files $uri /index.html;\n")


@scenario(
    outside="websocket.not-upgraded", server="websocket.not-served", manual=APPLICATION, args=WS,
)  # fmt: skip
def application_has_no_websocket(lab: Lab) -> None:
    """nginx does its part; the application answers 404."""
    lab.application("--mode", "no-websocket")


@scenario(
    outside="websocket.not-upgraded", server="websocket.not-served", manual=APPLICATION, args=WS,
)  # fmt: skip
def application_has_its_websocket_at_another_path(lab: Lab) -> None:
    """Issue 659 of sta/websocket-sharp: no service has the path that nginx passes on: 501."""
    lab.application("--mode", "not-implemented")


@scenario(
    outside="websocket.not-upgraded", server="websocket.not-served",
    manual=APPLICATION, args=WS,
)  # fmt: skip
def application_answers_with_a_page(lab: Lab) -> None:
    """nginx does its part; the application answers 200."""
    lab.application("--mode", "page")


@scenario(outside="websocket.redirected", differs=MINE)
def slash_behind_the_location(lab: Lab) -> None:
    """location /ws/, and nginx redirects /ws there."""
    lab.change("  location /ws {", "  location /ws/ {")


@scenario(outside="websocket.unauthorized", manual="who may is a choice")
def handshake_forbidden_by_nginx(lab: Lab) -> None:
    """deny all in the location."""
    lab.change("  location /ws {", "  location /ws {\n    deny all;")


@scenario(outside="websocket.origin-refused", manual=APPLICATION)
def origin_refused(lab: Lab) -> None:
    """nginx sends its own Host, and the application compares it with the Origin."""
    lab.application("--mode", "own-origin")
    lab.change(HOST, "    proxy_set_header Upgrade")


@scenario(outside="websocket.origin-refused", differs=(site.CONF,))
def origin_of_another_port_is_expected(lab: Lab) -> None:
    """The application gets its port from X-Forwarded-Port, which nginx does not send."""
    lab.application("--mode", "own-port")


@healthy(args=("--ws", "/ws"))
def origin_of_the_port_that_is_told(lab: Lab) -> None:
    lab.application("--mode", "own-port")
    lab.change(HOST, f"    proxy_set_header X-Forwarded-Port 443;\n{HOST}")


@scenario(outside="websocket.closed-after-upgrade", manual=APPLICATION)
def application_breaks_after_the_handshake(lab: Lab) -> None:
    """101, and then the close frame of an application that raised."""
    lab.application("--mode", "breaks")


@scenario(outside="websocket.closed-after-upgrade", manual=APPLICATION)
def application_drops_what_it_accepted(lab: Lab) -> None:
    """101, and then the end of the connection without a close frame."""
    lab.application("--mode", "drops")


@scenario(outside="websocket.bad-accept", manual=APPLICATION)
def accept_is_wrong(lab: Lab) -> None:
    """101, with another handshake's Sec-WebSocket-Accept."""
    lab.application("--mode", "bad-accept")


@scenario(outside=None, server="websocket.idle-timeout", differs=MINE)
def idle_connections_are_cut(lab: Lab) -> None:
    """proxy_read_timeout 2s."""
    lab.change("proxy_read_timeout 3600s;", "proxy_read_timeout 2s;")


@healthy(args=WS)
def websocket(lab: Lab) -> None:
    """The healthy site's."""


@healthy(target="wss://shop.example.com/ws")
def websocket_by_its_own_address(lab: Lab) -> None:
    """wss:// as the target."""


@healthy(args=WS, unsure=("client", "server", "both"))
def websocket_needs_credentials(lab: Lab) -> None:
    """The application's own 401 proves that the way to it is fine, and nothing of the WebSocket."""
    lab.application("--mode", "unauthorized")


@healthy(args=WS, unsure=("client", "server", "both"))
def websocket_leads_to_the_login(lab: Lab) -> None:
    """Who has not logged in is sent to the login page."""
    lab.application("--mode", "redirect")


@healthy(args=WS)
def connection_is_always_upgrade(lab: Lab) -> None:
    """Connection "upgrade" instead of the map."""
    lab.change(CONNECTION, '    proxy_set_header Connection "upgrade";\n')


@healthy(args=WS)
def http_1_0_and_nobody_cares(lab: Lab) -> None:
    """No proxy_http_version, and an application that takes HTTP/1.0."""
    lab.application("--mode", "lenient")
    lab.change(HTTP_1_1 + HOST, HOST)


@healthy(args=WS)
def headers_in_the_server_block(lab: Lab) -> None:
    """Set once above, inherited by a location that sets none."""
    lines = HTTP_1_1 + "    proxy_set_header Host $http_host;\n" + UPGRADE + CONNECTION
    lab.edit(LOCATION, LOCATION.replace(lines, ""))
    lab.change("  location / {", lines + "\n  location / {")


@healthy(args=WS)
def map_of_another_name(lab: Lab) -> None:
    """The map may be called anything."""
    lab.edit("map $http_upgrade $connection_upgrade", "map $http_upgrade $hop")
    lab.change("Connection $connection_upgrade;", "Connection $hop;")


LIMITS = """\
limit_req_zone $binary_remote_addr zone=rate:1m rate=5r/s;
limit_conn_zone $binary_remote_addr zone=visitors:1m;
"""


@healthy(args=WS)
def limit_that_the_requests_of_a_run_meet(lab: Lab) -> None:
    """After questions about `limit_req` and hardening templates with `limit_conn`: enough for a
    browser, and not for all that one run asks at once."""
    lab.server.write("/etc/nginx/conf.d/00-limits.conf", LIMITS)
    limits = "  limit_conn visitors 3;\n  limit_req zone=rate burst=5 nodelay;\n"
    lab.change("  ssl_session_timeout 5m;\n", limits)


@scenario(
    outside="websocket.not-upgraded",
    server="nginx.request-limit",
    args=WS,
    differs=(site.CONF, "/etc/nginx/conf.d/00-limits.conf"),
    not_on=UNLOGGED,
)
def more_websockets_than_the_limit(lab: Lab) -> None:
    """After issues about `limit_conn` on a server's name: open WebSockets count all the time."""
    zone = "limit_conn_zone $server_name zone=all:1m;\n"
    lab.server.write("/etc/nginx/conf.d/00-limits.conf", zone)
    lab.change("  location /ws {\n", "  location /ws {\n    limit_conn all 1;\n")
    holder = str(Path(__file__).parent.parent / "hold.py")
    lab.spawn(
        lab.client,
        lab.client.python(holder, site.NAME, "/ws", "1"),
        lambda: "ESTAB" in lab.server.sh("ss -Htn state established sport = :443 | sed s/^/ESTAB/"),
    )


@healthy()
def site_without_websocket(lab: Lab) -> None:
    """Nobody asks for one, nothing proxies one."""
    lab.change(LOCATION, "")
