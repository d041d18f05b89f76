"""host.ipv6-disabled: when it fires, and when it is silent."""

from diagnose.model import Applicability, Command, Confidence, Severity, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.kernel import Kernel
from diagnose.model.server import Interface
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, HOST, SITE, STOPPED, config, nginx_says

CHECK = "host.ipv6-disabled"
ETH0 = Interface(
    vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",), default=(4,)
)
OFF = Kernel(vantage=Vantage.SERVER, ipv6_off=("all", "eth0", "lo"))
ABSENT = Kernel(vantage=Vantage.SERVER, ipv6_off=("*",))
ON = Kernel(vantage=Vantage.SERVER)
FOUND = (
    Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",)),
    Resolution(name="shop.example.com", family=6, addresses=("2001:db8::10",)),
)
NOT_AVAILABLE = "bind() to [2001:db8::10]:443 failed (99: Cannot assign requested address)"
#: As issue 183 of ansible-role-nginx quotes it.
NO_FAMILY = "socket() [::]:80 failed (97: Address family not supported by protocol)"
NGINX = (config(SITE), STOPPED, BUILD, HOST)


def test_fires_where_nginx_cannot_listen() -> None:
    (claim,) = judge(CHECK, OFF, ETH0, nginx_says(NOT_AVAILABLE), *NGINX)
    assert claim.facts["listen"] == "[2001:db8::10]:443"
    assert claim.confidence is Confidence.CERTAIN


def test_fires_where_the_kernel_has_none() -> None:
    (claim,) = judge(CHECK, ABSENT, ETH0, nginx_says(NO_FAMILY), *NGINX)
    assert claim.facts["absent"]
    assert claim.facts["listen"] == "[::]:80"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_as_a_warning_where_the_name_has_such_an_address() -> None:
    (claim,) = judge(CHECK, OFF, ETH0, *FOUND)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["published"] == ("2001:db8::10",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    words = [step.argv[-1] for step in claim.fix.steps if isinstance(step, Command)]
    assert "net.ipv6.conf.eth0.disable_ipv6=0" in words
    assert "disable_ipv6 = 0" in claim.fix.edits[0].diff


def test_silent_where_it_is_on_or_nobody_needs_it() -> None:
    assert not judge(CHECK, ON, ETH0, *FOUND)
    assert not judge(CHECK, OFF, ETH0, FOUND[0])
    assert not judge(CHECK, Kernel(vantage=Vantage.SERVER, ipv6_off=("wg0",)), ETH0, *FOUND)


def test_silent_where_a_unit_forbids_the_family_or_the_name_is_another_machine_s() -> None:
    assert not judge(CHECK, OFF, ETH0, nginx_says(NO_FAMILY), *NGINX)
    elsewhere = Resolution(name="shop.example.com", family=4, addresses=("192.0.2.80",))
    assert not judge(CHECK, OFF, ETH0, elsewhere, FOUND[1])
