"""upstream.signed-request-changed: a storage server behind nginx, and the message of a client."""

from dataclasses import replace

from diagnose.model import Claim, Edit
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config

CHECK = "upstream.signed-request-changed"
HOST = "        proxy_set_header Host $host;\n"
BARE = SITE.replace(HOST, "")


def claims(text: str, pasted: bool = True, path: str = "/", port: int = 443) -> list[Claim]:
    symptom = Symptom("signature", "SignatureDoesNotMatch") if pasted else None
    target = replace(SHOP, symptom=symptom, path=path, port=port)
    return judge(CHECK, config(text), BUILD, RUNNING, target=target)


def test_fires_where_nginx_sends_its_own_name_for_the_application() -> None:
    (claim,) = claims(BARE)
    assert (claim.facts["sent"], claim.facts["signed"]) == ("127.0.0.1:3000", "shop.example.com")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Host $host;" in edit.diff


def test_fires_where_the_port_is_lost() -> None:
    (claim,) = claims(SITE.replace("listen 443", "listen 9443"), port=9443)
    assert claim.facts["signed"] == "shop.example.com:9443"
    assert claim.facts["value"] == "$http_host"


def test_fires_where_the_path_is_another() -> None:
    text = SITE.replace("location / {", "location /store/ {").replace(":3000;", ":3000/;")
    (claim,) = claims(text, path="/store/bucket")
    assert (claim.facts["passed"], claim.facts["sent"]) == ("/bucket", "")


def test_silent_where_both_arrive_and_without_a_message() -> None:
    assert not claims(SITE)
    assert not claims(SITE.replace("$host", "$http_host").replace("listen 443", "listen 9443"),
                      port=9443)  # fmt: skip
    assert not claims(BARE, pasted=False)
