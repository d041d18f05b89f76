"""Other names of a site in messages about it."""

from diagnose.parsers.site_names import stands_for


def test_other_names_of_a_site() -> None:
    for host in ("mysite.com", "example.com", "ws.example.org", "localhost", "192.168.1.5"):
        assert stands_for(host, "shop.acme.net")
    assert stands_for("www.acme.net", "acme.net")
    assert stands_for("acme.net", "203.0.113.10")
    assert not stands_for("chat.foreign.net", "shop.acme.net")
