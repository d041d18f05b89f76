from diagnose.model import Applicability, Edit, Vantage
from diagnose.model.server import Interface
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, HOST, SITE, STOPPED, config, nginx_says

CHECK = "nginx.address-unavailable"
SAID = "bind() to 203.0.113.9:443 failed (99: Cannot assign requested address)"
NAMED = SITE.replace("listen 443", "listen 203.0.113.9:443")
ETH0 = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("10.0.0.5",))


def test_fires_and_listens_on_all_addresses() -> None:
    (claim,) = judge(CHECK, nginx_says(SAID), config(NAMED), STOPPED, ETH0, BUILD, HOST)
    assert claim.facts["own"] == ("10.0.0.5",)
    assert claim.location
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    listen 443 ssl;\n" in edit.diff


def test_fires_for_an_address_of_ipv6() -> None:
    said = SAID.replace("203.0.113.9", "[2001:db8::9]")
    text = SITE.replace("listen 443", "listen [2001:db8::9]:443")
    (claim,) = judge(CHECK, nginx_says(said), config(text), STOPPED, BUILD, HOST)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    listen [::]:443 ssl;\n" in edit.diff


def test_silent_when_the_port_is_in_use_instead() -> None:
    said = "bind() to 0.0.0.0:443 failed (98: Address already in use)"
    assert not judge(CHECK, nginx_says(said), config(), STOPPED)


def test_silent_when_nginx_is_content() -> None:
    assert not judge(CHECK, nginx_says(), config(NAMED), ETH0)


def test_fires_and_is_sure_where_the_server_has_one_address_of_that_kind() -> None:
    bridge = Interface(
        vantage=Vantage.SERVER, name="docker0", up=True, addresses=("172.17.0.1", "2001:db8::1")
    )
    second = Interface(vantage=Vantage.SERVER, name="eth1", up=True, addresses=("10.9.0.5",))
    for seen, how in ((bridge, Applicability.AUTOMATIC), (second, Applicability.REVIEW)):
        (claim,) = judge(CHECK, nginx_says(SAID), config(NAMED), STOPPED, ETH0, seen, BUILD, HOST)
        assert claim.fix
        assert claim.fix.applicability is how


def test_fires_and_opens_no_port_of_another_program_to_all_addresses() -> None:
    """Somebody meant 127.0.0.1:8080, which HAProxy asks."""
    said = SAID.replace("203.0.113.9:443", "128.0.0.1:8080")
    text = SITE.replace("listen 443 ssl", "listen 128.0.0.1:8080 proxy_protocol")
    (claim,) = judge(CHECK, nginx_says(said), config(text), STOPPED, ETH0, BUILD, HOST)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)
