"""Lists of files in the place of a page."""

import pytest

from diagnose.parsers.directory_listings import application_files, listed_names

PYTHON = (
    "<!DOCTYPE HTML>\n<html lang='en'><head>\n<title>Directory listing for /</title>\n</head>"
    '<body><h1>Directory listing for /</h1><hr><ul><li><a href=".env">.env</a></li>'
    '<li><a href="my%20file.txt">my file.txt</a></li></ul>'
)
LIGHTTPD = '<title>Index of /</title><td class="n"><a href="./index.php">index.php</a>'


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (PYTHON, (".env", "my file.txt")),
        (LIGHTTPD, ("index.php",)),
        ("<title>Index of /a/</title><a href='../'>..</a><a href='?C=N'>Name</a>", ()),
    ],
)
def test_the_names_in_a_list(body: str, names: tuple[str, ...]) -> None:
    assert listed_names(body) == names


def test_another_page_is_no_list() -> None:
    assert listed_names("<title>Index of terms</title><a href='a'>a</a>") is None


def test_the_files_of_an_application() -> None:
    assert application_files(("public/", "Gemfile", "photo.jpg")) == ("Gemfile",)
