"""Where a file is that nginx looks for in vain: below the folder of a `root` or `alias` in a
comment, in a folder beside that of `root`, or in one whose name is a letter apart. No I/O."""

import glob
import posixpath
from collections.abc import Iterable, Iterator

from diagnose.model.files import Access
from diagnose.model.nginx import Directive
from diagnose.parsers.misspellings import is_typing_error
from diagnose.parsers.nginx.commented_lines import CommentedLine, commented_lines
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import ServedFile, served_file
from diagnose.parsers.nginx.locations import location_pattern, select_location
from diagnose.parsers.nginx.server_blocks import Server

#: The least number of letters of a name in which one may be wrong: "src" and "srv" are two names.
_MIN_LETTERS = 4
#: Names of one and the same folder: what a build writes, and what a server serves. Sources such as
#: "public" are none: they may have a page that is no site yet.
_SAME_FOLDERS = (
    frozenset({"dist", "build", "output", "out", "_site"}),
    frozenset({"html", "htdocs", "httpdocs", "public_html", "www"}),
)
_PLAIN_MODIFIERS = {"", "=", "^~"}


def commented_places(text: str, block: Directive, uri: str) -> Iterator[tuple[CommentedLine, str]]:
    """Yield where the file of a path would be if a `root` or `alias` were no comment of this
    location. `text` is that of its file. A location with a folder of its own has no such line: the
    comment is its old one. Of a path that ends with a slash, the index file is meant."""
    pattern = location_pattern(block) if block.name == "location" else None
    if pattern is None or any(children(block, name) for name in ("root", "alias")):
        return
    uri = f"{uri}index.html" if uri.endswith("/") else uri
    for line in commented_lines(text, block, {"root", "alias"}):
        folder = line.directive.args[0]
        if len(line.directive.args) != 1 or not folder.startswith("/") or "$" in folder:
            continue
        if line.directive.name == "root":
            yield line, posixpath.normpath(folder + uri)
        elif pattern.modifier in _PLAIN_MODIFIERS and uri.startswith(pattern.text):
            yield line, posixpath.normpath(folder + uri.removeprefix(pattern.text))


def place_beside(served: ServedFile) -> str:
    """Return where the file is if its folder lies beside that of `root`: /var/www/app/index.html
    for /app/index.html and /var/www/html; "" for an `alias`."""
    above = posixpath.dirname(served.folder.rstrip("/"))
    is_root = served.directive.name == "root" and served.uri.count("/") > 1
    return posixpath.normpath(above + served.uri) if is_root and above.count("/") > 1 else ""


def is_page_of_the_site(server: Server, file: str, start: str) -> bool:
    """Return whether a file is the page that `location /` serves for the site itself."""
    match = select_location(server, "/")
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    served = served_file(match, "/index.html", start=start)
    is_own = pattern is not None and (pattern.modifier, pattern.text) == ("", "/")
    return is_own and served is not None and served.path == file


def near_pattern(access: Access) -> str:
    """Return a pattern (glob(7)) of the paths that differ from one in its first name alone that is
    not there; "" if nothing is known of it."""
    folder = max((part.path for part in access.parts if part.folder), key=len, default="")
    rest = access.path.removeprefix(f"{folder.rstrip('/')}/")
    name, slash, inner = rest.partition("/")
    if not folder or rest == access.path or len(name) < _MIN_LETTERS:
        return ""
    ending = slash + inner if slash else posixpath.splitext(name)[1]
    return f"{glob.escape(folder.rstrip('/'))}/*{glob.escape(ending)}"


def nearest(access: Access, candidates: Iterable[str]) -> str:
    """Return the only one of these paths whose name is a letter apart; "" for none, or two."""
    near = [path for path in candidates if wrong_name(access.path, path)[0]]
    return near[0] if len(near) == 1 else ""


def wrong_name(path: str, other: str) -> tuple[str, str]:
    """Return the name of a path that is a letter apart from that of another path, and that name;
    ("", "") if the paths differ in more, or by no letter. Of a folder it may be another usual name
    of the same folder ("dist", "build")."""
    names, others = path.split("/"), other.split("/")
    apart = [pair for pair in zip(names, others, strict=False) if pair[0] != pair[1]]
    if len(names) != len(others) or len(apart) != 1:
        return "", ""
    is_folder = names[-1] == others[-1]
    if is_folder and any(same.issuperset(apart[0]) for same in _SAME_FOLDERS):
        return apart[0]
    (stem, ending), (other_stem, other_ending) = map(posixpath.splitext, apart[0])
    is_near = is_typing_error(stem, other_stem) and ending == other_ending
    return apart[0] if is_near else ("", "")
