import pytest

from diagnose.model import Edit, Severity
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-open-proxy"
OPEN = HTTPS.replace("</VirtualHost>", "    ProxyRequests On\n</VirtualHost>", 1)


def test_fires_as_a_note_and_turns_it_off() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(OPEN))
    assert claim.severity in {None, Severity.NOTE}
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "-    ProxyRequests On\n+    ProxyRequests Off\n" in edit.diff


@pytest.mark.parametrize(
    "text",
    [
        HTTPS,
        OPEN.replace("ProxyRequests On", "ProxyRequests Off"),
        OPEN.replace("ProxyRequests On", "ProxyRequests On\n    ProxyRequests Off"),
        OPEN.replace(
            "    ProxyRequests On",
            '    ProxyRequests On\n    <Proxy "*">\n        Require ip 10.0.0.0/8\n    </Proxy>',
        ),
    ],
)
def test_silent_where_it_is_off_or_guarded(text: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(text))


def test_silent_without_a_module_that_carries_it_out() -> None:
    assert not judge(CHECK, APACHE, apache_config(OPEN, modules=("ssl", "proxy")))
