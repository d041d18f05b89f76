"""upstream.upgrade-on-every-request: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity, Vantage
from diagnose.model.applications import KnownApplication
from diagnose.model.logs import FailedRequests
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.websocket_evidence import upgrade

CHECK = "upstream.upgrade-on-every-request"
ALWAYS = SITE.replace("Host $host;", 'Connection "upgrade";')


def test_fires_where_pages_are_asked_for_with_an_upgrade() -> None:
    (claim,) = judge(CHECK, page(200), RUNNING, config(ALWAYS))
    assert claim.facts["path"] == "/"
    assert claim.location
    assert claim.fix
    assert "+map $http_upgrade $connection_upgrade {" in str(claim.fix.steps[0])
    assert "proxy_set_header Connection $connection_upgrade;" in str(claim.fix.steps[0])
    assert claim.fix.applicability is Applicability.REVIEW


def test_the_map_that_is_there_is_taken() -> None:
    there = "map $http_upgrade $asked { default upgrade; '' close; }\n"
    (claim,) = judge(CHECK, page(200), RUNNING, config(there + ALWAYS), masked=False)
    assert claim.fix
    assert "proxy_set_header Connection $asked;" in str(claim.fix.steps[0])
    assert "+map" not in str(claim.fix)


def test_fires_beside_a_websocket_of_another_path() -> None:
    assert judge(
        CHECK, page(200), RUNNING, config(ALWAYS), target=replace(SHOP, websockets=("/ws",))
    )
    assert not judge(CHECK, page(200), RUNNING, config(ALWAYS), target=CHAT)


def test_fires_as_a_warning_after_a_message_about_a_400() -> None:
    """A form of ASP.NET Core is refused by Kestrel, after issue 21933 of aspnetcore."""
    target = replace(SHOP, symptom=Symptom("status", "HTTP ERROR 400", 400))
    (claim,) = judge(CHECK, page(200), RUNNING, config(ALWAYS), target=target)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    (claim,) = judge(CHECK, page(200), RUNNING, config(ALWAYS))
    assert claim.severity is None


def test_is_a_note_where_the_400_is_that_of_lost_sessions() -> None:
    """websocket.not-sticky names them."""
    target = replace(SHOP, symptom=Symptom("status", "HTTP ERROR 400", 400))
    lost = upgrade(400, "session", body='{"code":1,"message":"Session ID unknown"}')
    (claim,) = judge(CHECK, page(200), RUNNING, config(ALWAYS), lost, target=target)
    assert claim.severity is None


def test_is_a_note_after_a_message_about_a_get() -> None:
    """After issue 5580 of NodeBB: a GET has no body, and the application answers it by now."""
    message = "GET https://shop.example.com/socket.io/?EIO=3 400 (Bad Request)"
    target = replace(SHOP, symptom=Symptom("status", message, 400))
    (claim,) = judge(CHECK, page(200), RUNNING, config(ALWAYS), target=target)
    assert claim.severity is None


def test_silent_by_a_map_for_websockets_alone_and_where_the_page_fails() -> None:
    mapped = ALWAYS.replace('"upgrade"', "$connection_upgrade")
    apart = SITE.replace(
        "    location / {",
        "    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n"
        '        proxy_set_header Connection "upgrade";\n    }\n    location / {',
    )
    for text in (SITE, mapped, apart):
        assert not judge(CHECK, page(200), RUNNING, config(text), target=CHAT)
    assert not judge(CHECK, page(400), RUNNING, config(ALWAYS))


LOGGED = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/api/login", status=400,
    written="29/Nov/2026:22:00:00 +0000",
)  # fmt: skip
DOTNET = Listeners(
    vantage=Vantage.SERVER,
    sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="dotnet"),),
)


def test_fires_as_a_warning_where_kestrel_refuses_what_visitors_send() -> None:
    seen = RUNNING, config(ALWAYS), LOGGED
    (claim,) = judge(CHECK, page(405), *seen, DOTNET)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["logged"] == "POST /api/login"


def test_is_a_note_where_a_400_of_the_log_may_be_about_the_form() -> None:
    (claim,) = judge(CHECK, page(200), RUNNING, config(ALWAYS), LOGGED)
    assert claim.severity is None
    accepted = replace(LOGGED, forms_accepted=True)
    (claim,) = judge(CHECK, page(200), RUNNING, config(ALWAYS), accepted, DOTNET)
    assert claim.severity is None


def test_fires_where_the_message_says_that_only_a_get_works() -> None:
    target = replace(SHOP, symptom=Symptom("status", "GET 请求正常,POST 返回 400", 400))
    (claim,) = judge(CHECK, page(405), RUNNING, config(ALWAYS), target=target)
    assert claim.severity is Severity.WARNING


def listening(process: str) -> Listeners:
    (socket,) = DOTNET.sockets
    return replace(DOTNET, sockets=(replace(socket, process=process),))


def test_silent_where_the_program_minds_no_such_field() -> None:
    """The guides of Socket.IO, Phoenix and Immich write the line for every request."""
    both = ALWAYS.replace("Connection ", "Upgrade $http_upgrade; proxy_set_header Connection ")
    for process in ("node", "beam.smp"):
        assert not judge(CHECK, page(200), RUNNING, config(both), listening(process))
    assert judge(CHECK, page(200), RUNNING, config(both), listening("java"))
    fixed = both.replace("$http_upgrade", "websocket")
    assert judge(CHECK, page(200), RUNNING, config(fixed), listening("node"))
    target = replace(SHOP, symptom=Symptom("status", "HTTP ERROR 400", 400))
    (claim,) = judge(CHECK, page(200), RUNNING, config(both), listening("node"), target=target)
    assert claim.severity is Severity.WARNING


def test_silent_where_a_container_s_page_is_that_of_such_a_program() -> None:
    both = ALWAYS.replace("Connection ", "Upgrade $http_upgrade; proxy_set_header Connection ")
    url = "https://shop.example.com/"
    immich = KnownApplication(id="immich", name="Immich", url=url)
    kestrel = KnownApplication(id="jellyfin", name="Jellyfin", url=url)
    seen = (page(200), RUNNING, config(both))
    assert not judge(CHECK, *seen, listening("docker-proxy"), immich)
    assert judge(CHECK, *seen, listening("docker-proxy"), kestrel)
    assert judge(CHECK, *seen, listening("java"), immich)
