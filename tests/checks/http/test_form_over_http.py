"""http.form-over-http: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import loads
from tests.support.upstream_evidence import page

CHECK = "http.form-over-http"
FORM = "http://shop.example.com/login?execution=1"
MOVED = replace(
    page(301), url="http://shop.example.com/", port=80, purpose="plain",
    headers=(("Location", "https://shop.example.com/"),),
)  # fmt: skip


def test_fires_on_a_form_that_loses_what_was_typed() -> None:
    (claim,) = judge(CHECK, loads(insecure_forms=(FORM,)), page(200), MOVED)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["form"] == "http://shop.example.com/login"
    assert claim.facts["lost"]


def test_fires_where_http_keeps_the_form() -> None:
    (claim,) = judge(CHECK, loads(insecure_forms=(FORM,)), page(200), replace(MOVED, status=308))
    assert not claim.facts["lost"]


def test_silent_on_other_forms_and_pages() -> None:
    assert not judge(CHECK, loads(), page(200), MOVED)
    foreign = loads(insecure_forms=("http://search.example.net/",))
    assert not judge(CHECK, foreign, page(200), MOVED)
    assert not judge(CHECK, loads(insecure_forms=(FORM,), upgrades=True), page(200), MOVED)
    plain = loads(insecure_forms=(FORM,), url="http://shop.example.com/")
    assert not judge(CHECK, plain, page(200), MOVED)


def test_fires_and_names_a_port_that_nobody_tells_the_application() -> None:
    form = "http://shop.example.com:3000/user/login"
    for value, port in (("$host", 3000), ("$host:3000", "")):
        nginx = config(
            "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  location / {\n"
            f"    proxy_pass http://127.0.0.1:3000;\n    proxy_set_header Host {value};\n"
            "    proxy_set_header X-Forwarded-Proto https;\n  }\n}\n"
        )
        (claim,) = judge(CHECK, loads(insecure_forms=(form,)), page(200), RUNNING, nginx)
        assert claim.facts["port"] == port, value
