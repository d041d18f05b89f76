import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config

CHECK = "http.redirect-without-scheme"


def redirect(location: str) -> Exchange:
    return Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=301,
        headers=(("Location", location),),
    )


def test_fires_for_a_host_of_the_site() -> None:
    (claim,) = judge(CHECK, redirect("www.shop.example.com/start"))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["onward"] == "https://shop.example.com/www.shop.example.com/start"
    assert claim.facts["wanted"] == "https://www.shop.example.com/start"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_host_elsewhere() -> None:
    (claim,) = judge(CHECK, redirect("sso.example.org/login"))
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize("name", ["www.shop.example.com", "www.%[hdr(host)]"])
def test_fires_and_writes_the_scheme_into_the_line_of_haproxy(name: str) -> None:
    target = f"{name}%[capture.req.uri]"
    condition = "unless { hdr(host) -i www.shop.example.com }"
    line = f"    http-request redirect code 301 location {target} {condition}\n"
    text = TEXT.replace("    default_backend", f"{line}    default_backend", 1)
    (claim,) = judge(CHECK, SERVER, config(text), redirect("www.shop.example.com/"))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    http-request redirect code 301 location https://{target} unless" in edit.diff


@pytest.mark.parametrize(
    "location",
    [
        "https://www.shop.example.com/", "//www.shop.example.com/", "/www.shop.example.com/",
        "start", "index.php", "login.page.html", "v1.2.3/start", "setup.php/step", "example.org",
        "?a=shop.example.com", "a.b/c",
    ],
)  # fmt: skip
def test_silent_for_a_url_and_for_a_path(location: str) -> None:
    assert not judge(CHECK, redirect(location))
