import pytest

from diagnose.model import Applicability, Edit, Failure
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.nginx_evidence import SITE, config
from tests.support.upstreams import PAGE, proxied, talk, tried

CHECK = "upstream.tls-to-plain"
WRONG = Failure("protocol", "[SSL: WRONG_VERSION_NUMBER]", name="WRONG_VERSION_NUMBER")


def changed(target: str, to: str, before: str = "", more: str = "") -> str:
    failed = talk(target, failure=WRONG)
    plain = talk(target, speaks="http", as_nginx=False, status=200)
    (claim,) = judge(CHECK, failed, plain, tried(target), PAGE, proxied(to, before, more))
    assert claim.fix
    edit = claim.fix.steps[0]
    return edit.diff if isinstance(edit, Edit) else ""


@pytest.mark.parametrize("failure", [WRONG, TIMEOUT], ids=["alien", "waits"])
def test_fires_when_plain_is_answered_and_tls_fails(failure: Failure) -> None:
    target = "https://127.0.0.1:3000"
    plain = talk(target, speaks="http", as_nginx=False, status=200)
    observations = (talk(target, failure=failure), plain, tried(target), PAGE, proxied(target))
    (claim,) = judge(CHECK, *observations)
    assert claim.facts["answer"] == 200
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_keeps_the_port_that_https_implied() -> None:
    diff = changed("https://app.internal", "https://app.internal")
    assert "+        proxy_pass http://app.internal:443;" in diff


def test_fires_and_leaves_a_group_its_name() -> None:
    group = "upstream app { server 127.0.0.1:3000; }\n"
    assert "+        proxy_pass http://app/x;" in changed("https://app/x", "https://app/x", group)


def test_fires_and_changes_nothing_where_the_port_is_in_a_variable() -> None:
    more = " set $app app.internal;"
    assert changed("https://$app", "https://$app", more=more) == ""


def test_silent_when_the_handshake_stands() -> None:
    target = "https://127.0.0.1:3000"
    assert not judge(CHECK, talk(target), tried(target), PAGE, proxied(target))


def test_silent_when_plain_is_not_answered_either() -> None:
    target = "https://127.0.0.1:3000"
    plain = talk(target, speaks="http", as_nginx=False, failure=TIMEOUT)
    failed = talk(target, failure=WRONG)
    assert not judge(CHECK, failed, plain, tried(target), PAGE, proxied(target))


GRPC = "grpcs://127.0.0.1:3000"


def test_fires_where_a_grpc_service_speaks_http_2_without_tls() -> None:
    failed = talk(GRPC, failure=WRONG)
    plain = talk(GRPC, speaks="http2", as_nginx=False)
    site = config(SITE.replace("proxy_pass http://", "grpc_pass grpcs://"))
    (claim,) = judge(CHECK, failed, plain, tried(GRPC), PAGE, site)
    assert claim.facts["grpc"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        grpc_pass grpc://127.0.0.1:3000;" in edit.diff


def test_silent_where_a_page_speaks_http_2_without_tls() -> None:
    target = "https://127.0.0.1:3000"
    plain = talk(target, speaks="http2", as_nginx=False)
    assert not judge(
        CHECK, talk(target, failure=WRONG), plain, tried(target), PAGE, proxied(target)
    )


def test_fires_and_changes_the_scheme_where_it_is_set() -> None:
    more = " set $forward_scheme https; set $server 127.0.0.1; set $port 3000;"
    target = "$forward_scheme://$server:$port$request_uri"
    diff = changed(target, target, more=more)
    assert "set $forward_scheme http;" in diff
    assert changed("$forward_scheme://$server", "$forward_scheme://$server", more=more) == ""
