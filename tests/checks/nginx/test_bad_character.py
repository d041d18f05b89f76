import pytest

from diagnose.model import Applicability, Edit
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, FILE, HOST, SITE, STOPPED, config, nginx_says

CHECK = "nginx.bad-character"


@pytest.mark.parametrize(
    ("right", "wrong", "message", "code"),
    [
        ("443 ssl;", "443 ssl\uff1b", f'invalid parameter "ssl\uff1b" in {FILE}:3', "U+FF1B"),
        ("    listen", "\u00a0   listen", f'unknown directive "\u00a0" in {FILE}:3', "U+00A0"),
        ("server {", "\ufeffserver {", f'unknown directive "\ufeffserver" in {FILE}:2', "U+FEFF"),
    ],
    ids=["semicolon", "no-break space", "byte order mark"],
)
def test_fires_and_puts_the_plain_one_in_its_place(
    right: str, wrong: str, message: str, code: str
) -> None:
    text = SITE.replace(right, wrong, 1)
    (claim,) = judge(CHECK, nginx_says(message), config(text), STOPPED, BUILD, HOST)
    assert claim.facts["characters"] == (code,)
    assert claim.location
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = [line[1:] for line in edit.diff.split("\n")[2:] if line.startswith("+")]
    assert all(line.isascii() for line in added)


def test_silent_when_such_characters_stand_in_quotes_or_comments() -> None:
    text = SITE.replace("location / {", 'location / { # \uff1b\n        return 200 "\uff1b";')
    said = f'unknown directive "x" in {FILE}:30'
    assert not judge(CHECK, nginx_says(said), config(text), STOPPED)


def test_silent_when_nginx_complains_of_something_further_up() -> None:
    text = SITE.replace("Host $host;", "Host $host\uff1b")
    said = f'unknown directive "listenn" in {FILE}:3'
    assert not judge(CHECK, nginx_says(said), config(text), STOPPED)


def test_silent_when_nginx_is_content() -> None:
    assert not judge(CHECK, nginx_says(), config())


def test_fires_and_leaves_a_name_with_such_a_character_to_a_person() -> None:
    text = SITE.replace("shop.pem;", "/srv/joe\u2019s/shop.pem\uff1b")
    said = f'unknown directive "x" in {FILE}:6'
    (claim,) = judge(CHECK, nginx_says(said), config(text), STOPPED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
