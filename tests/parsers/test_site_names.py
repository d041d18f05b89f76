"""Other names of a site in messages about it."""

from diagnose.parsers.site_names import is_placeholder, stands_for, with_own_name


def test_other_names_of_a_site() -> None:
    for host in ("mysite.com", "example.com", "ws.example.org", "localhost", "192.168.1.5"):
        assert stands_for(host, "shop.acme.net")
    assert stands_for("www.acme.net", "acme.net")
    assert stands_for("acme.net", "203.0.113.10")
    assert not stands_for("chat.foreign.net", "shop.acme.net")


def test_words_in_the_place_of_the_name() -> None:
    for host in ("domain", "mydomain.tld", "yourdomain", "your-domain.com", "mysite.com", "xxx",
                 "my-server", "example.com", "sub.domain.tld", "www.example.org"):  # fmt: skip
        assert is_placeholder(host, "shop.acme.net"), host
    for host in ("web1", "backend", "app", "api.example.com", "shop.net", "acme.net", "server"):
        assert not is_placeholder(host, "shop.acme.net"), host
    assert not is_placeholder("example.com", "shop.example.com")


def test_a_name_that_was_taken_out() -> None:
    for word in ("***", "<ip>", "<your domain>", "[domain]", "{{host}}", "${DOMAIN}"):
        text = f"requested 'http://{word}/api' and http://{word}:81/"
        expected = "requested 'http://shop.acme.net/api' and http://shop.acme.net:81/"
        assert with_own_name(text, "shop.acme.net") == expected
    assert with_own_name("http://[::1]:80/ <b>", "shop.acme.net") == "http://[::1]:80/ <b>"
