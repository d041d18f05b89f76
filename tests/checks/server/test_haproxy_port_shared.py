import pytest

from diagnose.model import Severity
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-port-shared"
ACME = "frontend acme\n    bind *:80\n    default_backend app\n"
HTTP = "frontend http\n    bind :80\n    redirect scheme https\n"


def test_fires_for_the_plain_port_of_the_name() -> None:
    (claim,) = judge(CHECK, SERVER, config(TEXT + ACME + HTTP), page(200))
    assert (claim.facts["first"], claim.facts["second"]) == ("acme", "http")
    assert claim.facts["bind_port"] == 80
    assert claim.severity is None


def test_fires_as_an_error_where_the_targets_own_port_fails() -> None:
    (claim,) = judge(CHECK, SERVER, config(TEXT + ACME.replace(":80", ":443")), page(503))
    assert claim.severity is Severity.ERROR


@pytest.mark.parametrize(
    "text",
    [
        ACME,
        ACME + HTTP.replace(":80", "127.0.0.1:80"),
        ACME.replace(":80", ":80 interface eth0") + HTTP,
        ACME.replace("\n    default", "\n    bind *:80\n    default"),
    ],
)
def test_silent_for_other_addresses_and_for_one_frontend(text: str) -> None:
    assert not judge(CHECK, SERVER, config(TEXT + text), page(503))
