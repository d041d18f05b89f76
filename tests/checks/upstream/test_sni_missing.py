from typing import Any

from diagnose.model import Edit
from tests.support.check_evidence import judge
from tests.support.upstreams import ALERT, PAGE, proxied, talk, tried

CHECK = "upstream.sni-missing"
TARGET = "https://app.internal:8443"
END: dict[str, Any] = {"host": "app.internal", "port": 8443}
NAMELESS = talk(TARGET, failure=ALERT, **END)
NAMED = talk(TARGET, server_name="app.internal", as_nginx=False, **END)
OPEN = tried(TARGET, **END)


def test_fires_and_has_nginx_send_the_name() -> None:
    (claim,) = judge(CHECK, NAMELESS, NAMED, OPEN, PAGE, proxied(TARGET))
    assert claim.facts["alert"] == 112
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_ssl_server_name on;" in edit.diff
    assert "proxy_ssl_name" not in edit.diff


def test_fires_when_another_name_is_sent() -> None:
    target, end = "https://app", {**END, "host": "127.0.0.1"}
    given = talk(target, server_name="app", failure=ALERT, **end)
    named = talk(target, server_name="app.internal", as_nginx=False, **end)
    group = "proxy_ssl_server_name on; upstream app { server 127.0.0.1:8443; }\n"
    observations = (given, named, tried(target, **end), PAGE, proxied(target, group))
    (claim,) = judge(CHECK, *observations)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_ssl_name app.internal;" in edit.diff
    assert "+        proxy_ssl_server_name" not in edit.diff


def test_fires_and_changes_a_line_that_is_there() -> None:
    there = proxied(TARGET, more="\n        proxy_ssl_server_name off;")
    (claim,) = judge(CHECK, NAMELESS, NAMED, OPEN, PAGE, there)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        proxy_ssl_server_name off;" in edit.diff


def test_silent_when_no_name_helps() -> None:
    named = talk(TARGET, server_name="app.internal", as_nginx=False, failure=ALERT, **END)
    assert not judge(CHECK, NAMELESS, named, OPEN, PAGE, proxied(TARGET))


def test_silent_when_the_handshake_stands_without_one() -> None:
    assert not judge(CHECK, talk(TARGET, **END), OPEN, PAGE, proxied(TARGET))
