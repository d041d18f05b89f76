"""Sites that are healthy for browsers, and about which a note is made on the server."""

from .. import site
from ..grown import Program, run
from ..lab import Lab
from ..scenario import healthy

PROTOCOLS = "ssl_protocols TLSv1.2 TLSv1.3;"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
HOST = "    proxy_set_header Host $http_host;\n"


@healthy()
def only_the_newest_tls(lab: Lab) -> None:
    """Apps on Android 9 fail: https://github.com/wallabag/android-app/issues/800."""
    lab.change(PROTOCOLS, "ssl_protocols TLSv1.3;")


@healthy()
def one_group_for_the_key_exchange(lab: Lab) -> None:
    """Apps on Android 7.0 fail: https://github.com/Waboodoo/HTTP-Shortcuts/issues/98."""
    lab.change(PROTOCOLS, f"{PROTOCOLS}\n  ssl_ecdh_curve secp384r1;")


@healthy(args=("--ws", "/ws"))
def websocket_with_the_default_timeout(lab: Lab) -> None:
    """It reconnects each minute: https://github.com/websockets/ws/issues/1598."""
    lab.change("    proxy_read_timeout 3600s;\n", "")


@healthy(args=("--ws", "/ws"))
def socket_io_as_its_guide_says(lab: Lab) -> None:
    """https://socket.io/docs/v4/reverse-proxy/: the lines are for every request, and Node minds
    none of them."""
    run(lab, Program("node", "http", "127.0.0.1:3100"))
    pages_with_the_headers_of_websockets(lab)
    lab.change("http://127.0.0.1:3000", "http://127.0.0.1:3100")


@healthy(args=("--ws", "/ws"))
def pages_with_the_headers_of_websockets(lab: Lab) -> None:
    """POST gets 400 of some applications: https://yipin100.com/a/2-133599."""
    upgrade = (
        '    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection "upgrade";\n'
    )
    lab.change(PAGES, PAGES.replace(HOST, HOST + upgrade))


@healthy()
def field_with_a_typing_error_that_nobody_reads(lab: Lab) -> None:
    """https://github.com/edumeet/edumeet/issues/207."""
    lab.change(PAGES, PAGES.replace(HOST, HOST + "    proxy_set_header X-Fowarded-Host $host;\n"))
