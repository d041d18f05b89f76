"""Words before an address to which a site leads its visitors."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.leading_words import leads_to


@pytest.mark.parametrize(
    "before",
    [
        "the page redirects to ",
        "https://shop.acme.net/ redirected me to: ",
        "leitet weiter auf ",
        "une redirection vers « ",
        "redirige siempre a ",
        "происходит редирект на ",
        "页面跳转到 ",
    ],
)
def test_what_follows_is_led_to(before: str) -> None:
    assert leads_to(before)


@pytest.mark.parametrize("before", ["", "connect to ", "access to ", "redirects, and ", "auf "])
def test_what_follows_is_asked_for(before: str) -> None:
    assert not leads_to(before)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("la redirection vers \"www.acme.net\", si on tape \"acme.net\" le certificat est expiré",
         "acme.net", 443),
        ("shop.acme.net timed out on port 8448", "shop.acme.net", 8448),
        ("telnet shop.acme.net 8448 times out", "shop.acme.net", 8448),
        ("connection to shop.acme.net refused, port 8443", "shop.acme.net", 8443),
        ("ssh: connect to host shop.acme.net port 22: Connection timed out", "shop.acme.net", 443),
        ("shop.acme.net times out but works directly on port 3000", "shop.acme.net", 443),
    ],
)  # fmt: skip
def test_the_site_and_its_port_are_found_in_words(text: str, host: str, port: int) -> None:
    (target,) = parse_targets([text], (), "en")
    assert (target.host, target.port) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "connect ECONNREFUSED 172.18.0.3:5432",
        "always 504, when I redirect port 80 to 192.168.0.124:8081 it works",
        "It fails. Request URL: https://****/session Status Code: 422",
        "Https site shows certificate of default.acme.net instead of mine",
    ],
)
def test_an_address_that_is_no_site_is_left_alone(text: str) -> None:
    from diagnose.parsers.target import NamelessMessageError

    with pytest.raises(NamelessMessageError):
        parse_targets([text], (), "en")
