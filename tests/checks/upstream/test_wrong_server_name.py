"""upstream.wrong-server-name: 421 from an application that gets no SNI."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.wrong-server-name"
TLS = SITE.replace("http://127.0.0.1:3000", "https://127.0.0.1:3000")
REFUSED = compared(421)
NAMED = compared(200, "server-name", change="added", value="shop.example.com")


def claim(text: str, *observations: ComparedRequest) -> Claim:
    (only,) = judge(CHECK, config(text), BUILD, RUNNING, page(421), *controlled(*observations))
    return only


def diff(made: Claim) -> str:
    assert made.fix
    assert made.fix.applicability is Applicability.AUTOMATIC
    edit = made.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_without_a_name() -> None:
    made = diff(claim(TLS, REFUSED, NAMED))
    assert "+        proxy_ssl_server_name on;\n" in made
    assert "+        proxy_ssl_name $host;\n" in made


def test_fires_on_another_name_which_is_changed() -> None:
    lines = "        proxy_ssl_server_name on;\n        proxy_ssl_name b.test;\n"
    text = TLS.replace("    }\n", f"{lines}    }}\n")
    named = replace(NAMED, change="replaced", original="b.test")
    made = diff(claim(text, REFUSED, named))
    assert "-        proxy_ssl_name b.test;\n+        proxy_ssl_name $host;\n" in made


def test_fires_on_a_name_of_the_applications_own() -> None:
    made = diff(claim(TLS, REFUSED, replace(NAMED, value="app.example.net")))
    assert "+        proxy_ssl_name app.example.net;\n" in made


def test_silent_where_the_name_makes_no_difference() -> None:
    observations = controlled(REFUSED, replace(NAMED, status=421))
    assert not judge(CHECK, config(TLS), page(421), *observations)
