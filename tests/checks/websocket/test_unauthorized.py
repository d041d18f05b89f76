from diagnose.model import Applicability, Manual, Observation, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import WebSocketPath
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.websocket_evidence import upgrade

NGINX = "<center><h1>403 Forbidden</h1></center><hr><center>nginx/1.26.3</center>"


def home(status: int) -> Exchange:
    return Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=status
    )


def test_fires_where_a_proxy_shuts_everybody_out() -> None:
    (claim,) = judge("websocket.unauthorized", upgrade(403, body=NGINX), home(200), target=CHAT)
    assert claim.severity is None
    assert claim.facts["proxy"] == "nginx"


def rules(lines: str, own: str = "") -> tuple[Observation, ...]:
    text = SITE.replace(
        "    location / {",
        f"    {lines}\n    location /ws {{\n        proxy_pass http://127.0.0.1:3000;{own}\n"
        "    }\n    location / {",
    )
    return RUNNING, config(text)


def test_names_the_only_rule_and_the_edit_beside_the_question() -> None:
    asked = upgrade(401, body=NGINX.replace("403 Forbidden", "401 Authorization Required"))
    seen = (*rules('auth_basic "Shop";'), asked, home(200))
    (claim,) = judge("websocket.unauthorized", *seen, target=CHAT, masked=False)
    assert claim.facts["rule"] == "auth_basic Shop"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert "+        auth_basic off;" in str(step.commands[0]).replace("\\n", "\n")


def test_a_rule_of_the_location_itself_or_several_have_no_edit() -> None:
    refused = upgrade(403, body=NGINX)
    for lines, own in (("", " deny all;"), ("deny 192.0.2.1;\n deny all;", "")):
        seen = (*rules(lines, own), refused, home(200))
        (claim,) = judge("websocket.unauthorized", *seen, target=CHAT, masked=False)
        assert claim.fix
        (step,) = claim.fix.steps
        assert isinstance(step, Manual)
        assert not step.commands
        assert bool(claim.facts["rule"]) == bool(own)


def test_notes_the_applications_own_refusal() -> None:
    (claim,) = judge(
        "websocket.unauthorized", upgrade(401, body="Who are you?"), home(200), target=CHAT
    )
    assert claim.severity is Severity.NOTE


def test_notes_it_where_the_whole_site_is_shut() -> None:
    (claim,) = judge("websocket.unauthorized", upgrade(403, body=NGINX), home(403), target=CHAT)
    assert claim.severity is Severity.NOTE
    assert not claim.facts["password"]


def test_fires_and_speaks_of_the_password_of_the_whole_site() -> None:
    asked = NGINX.replace("403 Forbidden", "401 Authorization Required")
    (claim,) = judge("websocket.unauthorized", upgrade(401, body=asked), home(401), target=CHAT)
    assert claim.facts["password"]


def test_silent_where_only_the_origin_is_refused() -> None:
    opens = upgrade(101, "no-origin", accepted=True)
    assert not judge("websocket.unauthorized", upgrade(403), opens, target=CHAT)


def test_silent_where_it_opens() -> None:
    assert not judge("websocket.unauthorized", upgrade(101, accepted=True), target=CHAT)


def test_silent_where_a_known_application_wants_a_login_first() -> None:
    known = WebSocketPath(
        source="https://shop.example.com/", path="/ws", library="n8n", need="required"
    )
    assert not judge("websocket.unauthorized", upgrade(401), known, target=SHOP)
    assert judge("websocket.unauthorized", upgrade(401), known, target=CHAT)
    assert judge("websocket.unauthorized", upgrade(403, body=NGINX), known, home(200), target=SHOP)
