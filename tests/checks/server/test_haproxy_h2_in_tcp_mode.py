from dataclasses import replace

from diagnose.model import Applicability, Edit, Failure
from diagnose.model.http import BrowserVisit
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config

CHECK = "server.haproxy-h2-in-tcp-mode"
TCP = TEXT.replace("mode http", "mode tcp").replace("shop.pem", "shop.pem alpn h2,http/1.1", 1)
HTTP1 = Failure("protocol", "HTTP/2 was agreed, and the server sends HTTP/1.1", name="HTTP1")
BROKEN = BrowserVisit(
    url="https://shop.example.com/", address="203.0.113.10", port=443, alpn="h2", failure=HTTP1
)


def test_fires_and_offers_http_1_only() -> None:
    (claim,) = judge(CHECK, SERVER, config(TCP), BROKEN, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    bind :443 ssl crt /etc/haproxy/shop.pem alpn http/1.1\n" in edit.diff


def test_silent_in_mode_http_or_where_browsers_get_the_page() -> None:
    assert not judge(CHECK, SERVER, config(TCP.replace("mode tcp", "mode http")), BROKEN)
    assert not judge(CHECK, SERVER, config(TCP), replace(BROKEN, failure=None, status=200))
    assert not judge(CHECK, SERVER, config(TCP.replace("h2,", "")), replace(BROKEN, alpn=""))
