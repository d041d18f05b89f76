import pytest

from diagnose.parsers.hidden_files import is_hidden_file, named_hidden_file


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("he can see .env file on web browser", "/.env"),
        ("my /.env.production file can be downloaded by the user", "/.env.production"),
        ("the .git folder is publicly accessible", "/.git/config"),
        ("网站的 .env 文件可以直接下载", "/.env"),
        ("anyone can read my .git/HEAD", "/.git/HEAD"),
        ("mi archivo .env es público", "/.env"),
        ("il mio .env è visibile a tutti", "/.env"),
        (".envファイルが公開されています", "/.env"),
        ("google has indexed my .env", "/.env"),
        # Such words are no reason to ask a site for it.
        ("the server does not read my .env file at all", ""),
        ("since I opened and changed .env the page shows 500", ""),
        ("everybody gets 500, the log names /var/www/shop/.env", ""),
        ("npm: no such file .env found", ""),
        (".env is ignored by the program", ""),
        ("see docs.env for it", ""),
        ("502 Bad Gateway", ""),
    ],
)
def test_the_file_that_visitors_get(text: str, path: str) -> None:
    assert named_hidden_file(text) == path


def test_addresses_of_hidden_files() -> None:
    assert is_hidden_file("/.env")
    assert is_hidden_file("/shop/.git/config")
    assert not is_hidden_file("/.well-known/security.txt")
    assert not is_hidden_file("/env")


def test_a_sample_of_settings_is_published_on_purpose() -> None:
    assert not is_hidden_file("/.env.example")
    assert not is_hidden_file("/app/.env.dist")
    assert not named_hidden_file("visitors can download .env.example")
    assert is_hidden_file("/.env.production")
    assert named_hidden_file("visitors see .env and not only .env.example") == "/.env"
