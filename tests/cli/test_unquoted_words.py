"""A sentence that was typed without quotes."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.cli.unquoted_words import quoted_command, reads_as_sentence
from diagnose.parsers.target import NamelessMessageError


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("shop.acme.net is very slow", "slow"),
        ("shop.acme.net shows 502", "status"),
        ("Error 502 on shop.acme.net", "status"),
        ("shop.acme.net certificate expired", "certificate-expired"),
        ("the cert on shop.acme.net is expired", "certificate-expired"),
        ("shop.acme.net too many redirects", "redirects"),
        ("curl: (7) Failed to connect to shop.acme.net port 443: Connection refused", "refused"),
        ("wss://shop.acme.net/ws closes after 60 seconds", "websocket-closed"),
        ("can't reach shop.acme.net from outside", "not-outside"),
        ("meine Seite shop.acme.net ist nicht erreichbar", "unusable"),
        ("сайт shop.acme.net не открывается", "unusable"),
    ],
)
def test_a_sentence_around_a_site_is_one_message(words: str, kind: str) -> None:
    (target,) = parse_targets(words.split(), (), "en")
    assert target.host == "shop.acme.net"
    assert target.symptom
    assert target.symptom.kind == kind


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("my site shows 502", "status"),
        ("site is down", "unusable"),
        ("nginx 502", "status"),
        ("502 bad gateway", "status"),
        ("certificate expired", "certificate-expired"),
        ("cannot log in", "login"),
        ("it works locally but not outside", "not-outside"),
        ("404 on /api/users", "status"),
        ("certbot renew fails", "acme"),
        ("网站 打不开", "unusable"),
        ("mon site ne marche pas", "unusable"),
    ],
)
def test_a_sentence_alone_says_how_it_was_understood(words: str, kind: str) -> None:
    with pytest.raises(NamelessMessageError, match="names no site") as caught:
        parse_targets(words.split(), (), "en")
    assert caught.value.symptom
    assert caught.value.symptom.kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "shop blog",
        "localhost blog",
        "shop.acme.net blog.acme.net",
        "shop.acme.net intranet",
        "chat upload",
        "shop chat websocket",
        "10.0.0.5 10.0.0.6",
        "db:8443 cache",
    ],
)
def test_names_stay_targets(words: str) -> None:
    assert not reads_as_sentence(words.split())
    assert len(parse_targets(words.split(), (), "en")) == len(words.split())


def test_a_hidden_file_in_a_sentence_is_no_site() -> None:
    words = ["https://shop.acme.net/.env.local", "visitors", "can", "download", ".env.local"]
    (target,) = parse_targets(words, (), "en")
    assert (target.host, target.path) == ("shop.acme.net", "/.env.local")
    assert target.symptom
    assert not reads_as_sentence(["shop.acme.net", ".acme.net"])


def test_a_name_of_one_word_may_have_a_complaint() -> None:
    (target,) = parse_targets(["server1", "slow"], (), "en")
    assert target.host == "server1"
    assert target.symptom


def test_a_sentence_about_two_sites_asks_which() -> None:
    with pytest.raises(NamelessMessageError, match="several sites"):
        parse_targets("shop.acme.net and blog.acme.net are slow".split(), (), "en")  # noqa: SIM905


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("shop.acme.net nginx -t fails", "diagnose shop.acme.net 'nginx -t fails'"),
        ("--timeout 5 nginx -t fails shop.acme.net", "diagnose shop.acme.net 'nginx -t fails'"),
        ("curl -k works", "diagnose 'curl -k works'"),
    ],
)
def test_how_to_quote_a_message_with_a_dash(words: str, command: str) -> None:
    assert quoted_command(words.split()) == command


@pytest.mark.parametrize(
    "words",
    ["shop.acme.net -t", "shop.acme.net blog.acme.net --foo x", "--tiemout 5 shop.acme.net"],
)
def test_a_mistyped_option_is_no_message(words: str) -> None:
    assert quoted_command(words.split()) == ""


def test_a_sentence_behind_the_end_of_the_options() -> None:
    (target,) = parse_targets(["shop.acme.net", "nginx", "-t", "fails"], (), "en")
    assert target.symptom
    assert target.symptom.text == "shop.acme.net nginx -t fails"
