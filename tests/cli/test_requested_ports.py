import pytest

from diagnose.cli.operands import parse_targets

HOST = "shop.example.com"


@pytest.mark.parametrize(
    ("words", "url"),
    [
        ((HOST, "timed out 8448"), f"https://{HOST}:8448/"),
        ((f"cannot open {HOST} on port 8443 from outside",), f"https://{HOST}:8443/"),
        ((f"http://{HOST}", "connection refused on port 8080"), f"http://{HOST}:8080/"),
        # An address with a port says itself where the site is, and the usual port needs no words.
        ((f"{HOST}:9443", "timed out 8448"), f"https://{HOST}:9443/"),
        ((HOST, "port 443 timed out"), f"https://{HOST}/"),
        # What an answer says is of the page that was asked for.
        ((HOST, "404 Not Found on port 8448"), f"https://{HOST}/"),
        ((HOST, "my app runs on port 3000, connection refused"), f"https://{HOST}/"),
    ],
)
def test_a_site_is_asked_at_the_port_that_the_words_name(words: tuple[str, ...], url: str) -> None:
    (target,) = parse_targets(words, (), "en")
    assert target.url == url
    assert target.symptom
