"""Where a file is that nginx looks for in vain, and the lines in comments that lead there."""

import pytest

from diagnose.model import Vantage
from diagnose.model.files import Access, PathComponent
from diagnose.parsers.nginx import near_places
from diagnose.parsers.nginx.commented_lines import commented_lines
from diagnose.parsers.nginx.config import parse, walk
from diagnose.parsers.nginx.edits import apply_edits

TEXT = """\
location /app/ {
    # alias /srv/app/;  # the build
    #root /srv;
    # alias of the folder, see below;
    if ($arg_a) { # alias /srv/none/;
        # alias /srv/inner/;
        return 404;
    }
    # an alias is not enough
    try_files $uri /app/index.html;
}
"""


def _block(text: str = TEXT):  # type: ignore[no-untyped-def]
    return next(each for each in walk(parse(text, "/a.conf")) if each.name == "location")


def test_lines_in_comments() -> None:
    lines = list(commented_lines(TEXT, _block(), {"alias", "root"}))
    seen = [(line.directive.name, line.directive.args, line.directive.line) for line in lines]
    assert seen[:2] == [("alias", ("/srv/app/",), 2), ("root", ("/srv",), 3)]
    assert not any("inner" in arg for _, args, _ in seen for arg in args)
    assert "    alias /srv/app/;  # the build\n" in apply_edits(TEXT, lines[0].edit)
    assert "\n    root /srv;\n" in apply_edits(TEXT, lines[1].edit)


def test_places_of_lines_in_comments() -> None:
    places = [path for _, path in near_places.commented_places(TEXT, _block(), "/app/index.html")]
    assert places == ["/srv/app/index.html", "/srv/app/index.html"]
    own = TEXT.replace("    # an alias", "    alias /srv/new/;\n    # an alias")
    assert not list(near_places.commented_places(own, _block(own), "/app/index.html"))


def _access(path: str, *folders: str) -> Access:
    parts = tuple(
        PathComponent(path=folder, uid=0, user="root", gid=0, group="root", mode=0o755, folder=True)
        for folder in folders
    )
    return Access(
        vantage=Vantage.SERVER, path=path, parts=parts, uid=33, user="www", gids=(), group="www"
    )


@pytest.mark.parametrize(
    ("path", "found", "near"),
    [
        ("/srv/elemment/index.html", ["/srv/element/index.html"], "/srv/element/index.html"),
        ("/srv/elment", ["/srv/element", "/srv/html"], "/srv/element"),
        ("/srv/shop1", ["/srv/shop2"], ""),
        ("/srv/shop", ["/srv/shops"], ""),
        ("/srv/elment", ["/srv/element", "/srv/elmant"], ""),
        ("/srv/dist/index.html", ["/srv/build/index.html"], "/srv/build/index.html"),
        ("/srv/dist/index.html", ["/srv/public/index.html", "/srv/old/index.html"], ""),
        ("/srv/dist/index.html", ["/srv/build/index.html", "/srv/out/index.html"], ""),
        ("/srv/noone.svg", ["/srv/none.svg", "/srv/noone.png"], "/srv/none.svg"),
    ],
)
def test_the_name_a_letter_apart(path: str, found: list[str], near: str) -> None:
    access = _access(path, "/", "/srv")
    assert near_places.near_pattern(access).startswith("/srv/*")
    assert near_places.nearest(access, found) == near


def test_no_pattern_for_a_short_name_or_a_place_that_is_not_known() -> None:
    assert near_places.near_pattern(_access("/srv/app/index.html", "/", "/srv")) == ""
    assert near_places.near_pattern(_access("/srv/element/index.html")) == ""
