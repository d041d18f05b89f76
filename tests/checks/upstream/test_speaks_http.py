"""upstream.speaks-http: uwsgi_pass, fastcgi_pass or grpc_pass to an HTTP server."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Severity, Vantage
from diagnose.model.logs import FailedRequests
from diagnose.model.upstream import UpstreamTalk
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "upstream.speaks-http"


def talk(target: str) -> UpstreamTalk:
    return UpstreamTalk(
        vantage=Vantage.SERVER,
        target=target,
        host="127.0.0.1",
        port=3000,
        address="127.0.0.1",
        speaks="http",
        as_nginx=False,
    )


@pytest.mark.parametrize(
    ("line", "target", "status", "name"),
    [
        ("uwsgi_pass 127.0.0.1:3000;", "127.0.0.1:3000", 400, "uwsgi"),
        ("fastcgi_pass 127.0.0.1:3000;", "127.0.0.1:3000", 502, "FastCGI"),
        ("grpc_pass grpc://127.0.0.1:3000;", "grpc://127.0.0.1:3000", 502, "gRPC"),
    ],
)
def test_fires_and_proposes_proxy_pass(line: str, target: str, status: int, name: str) -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", line)
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(status), talk(target))
    assert claim.facts["protocol"] == name
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in edit.diff
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff
    assert edit.diff.count("proxy_set_header Host") == 1, "the location has it already"


CALL = FailedRequests(
    file="/a.log", method="POST", path="/a.Greeter/Hello", status=502, written="at 18:01"
)


def calls(*observations: FailedRequests) -> list[Severity | None]:
    passing = "location /a.Greeter/ { grpc_pass grpc://127.0.0.1:3001; } location / "
    text, spoken = SITE.replace("location / ", passing, 1), talk("grpc://127.0.0.1:3001")
    spoken = replace(spoken, port=3001)
    claims = judge(CHECK, config(text), BUILD, RUNNING, page(200), spoken, *observations)
    return [claim.severity for claim in claims]


def test_fires_on_calls_of_visitors_beside_a_page_that_works() -> None:
    assert calls(CALL) == [None]
    assert not calls()
    assert not calls(replace(CALL, status=404))
    assert not calls(replace(CALL, path="/other"))


def test_silent_without_an_answer_or_on_a_page_that_works() -> None:
    text = SITE.replace("proxy_pass http://127", "uwsgi_pass 127")
    assert not judge(CHECK, config(text), BUILD, RUNNING, page(400))
    assert not judge(CHECK, config(text), BUILD, RUNNING, page(200), talk("127.0.0.1:3000"))
    assert not judge(CHECK, config(), BUILD, RUNNING, page(502), talk("http://127.0.0.1:3000"))
