"""The file that nginx opens for a path of the site, and where it is if a setting is wrong. No I/O.

https://nginx.org/en/docs/http/ngx_http_core_module.html#root and #alias: `root` is put before the
whole path, `alias` in place of the location's prefix, character by character.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from diagnose.model.files import PathMistake
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxBuild
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    literal_prefix,
    location_pattern,
    normalize_path,
)
from diagnose.parsers.nginx.variables import expand_variables

#: The folder inside a project that frameworks and builds mean for visitors, and its first page.
PUBLIC_FOLDERS = (
    "public", "dist", "build", "web", "htdocs", "html", "www", "_site", "public_html", "out",
    "browser",
)  # fmt: skip
#: The scripts and pages that answer all addresses of a site.
FRONTS = ("index.php", "app.php", "index.html", "index.htm")
_INDEXES = ("index.php", "index.html")
#: Maximum number of folders on the way to a file in which an application's page is looked for.
MAX_FOLDERS = 4
#: What programs put into the address of a file for its version.
_VERSION_FOLDER = re.compile(
    r"(?P<before>(?:/[\w.~-]{1,60}){0,4})/"
    r"(?P<folder>(?P<word>version|ver|v|rev|r)?[0-9][0-9._-]{0,30}/)(?P<rest>\S{1,300})"
)
_VERSION_NAME = re.compile(r"\S{1,300}\.(?P<version>[0-9]{6,20})\.(?P<ending>[a-z0-9]{2,5})")
#: Conditions of `if` that hold where the script is not there (PATH_INFO is no part of its name).
_NO_SCRIPT = frozenset(
    f"!{test} {name}"
    for test in ("-f", "-e")
    for name in ("$document_root$fastcgi_script_name", "$request_filename")
)
#: In the name of an index file: a variable, or the end of the word.
UNPLAIN_NAME = re.compile(r"[$\s]")


@frozen
class NamedVersion:
    """The end of a path from where a version stands in it, as it is and without the version, and
    the `rewrite` of nginx that takes it away."""

    wrong: str
    right: str
    rewrite: str


def named_version(uri: str) -> NamedVersion | None:
    """Return the version that a program puts into the address of a file, so that browsers load it
    anew: /static/version1486500000/app.css (Magento), /app.1486500000.css (TYPO3). The file itself
    has no version in its path."""
    if match := _VERSION_FOLDER.fullmatch(uri):
        before, word, rest = match["before"], match["word"] or "", match["rest"]
        rewrite = f"rewrite ^({re.escape(before)})/{word}[0-9._-]+/(.*)$ $1/$2 last;"
        return NamedVersion(match["folder"] + rest, rest, rewrite)
    if match := _VERSION_NAME.fullmatch(uri):
        ending = match["ending"]
        rewrite = f"rewrite ^(.+)\\.[0-9]+\\.{ending}$ $1.{ending} last;"
        return NamedVersion(f".{match['version']}.{ending}", f".{ending}", rewrite)
    return None


@frozen
class ServedFile:
    """The path that nginx opens, and the directive `root` or `alias` that decides it. `prefix` is
    the prefix of the location that has that directive, "" for none. `folder` is the folder that the
    directive names, absolute. `outer` is the prefix of a `root` in a regular expression,
    or in a location around the one that answers: what the expression begins with, or else the
    prefix of the location around it. `expression` is that expression, "" for none."""

    path: str
    directive: Directive
    prefix: str
    uri: str
    folder: str
    outer: str = ""
    expression: str = ""

    def alternatives(self, page_path: str) -> Iterator[tuple[PathMistake, str]]:
        """Yield other paths at which the file would lie, with the mistake that this would mean.
        `page_path` is the path of the page that loads the file."""
        folder = self.folder.rstrip("/")
        relative_path = self.uri.removeprefix(self.prefix.rstrip("/")).lstrip("/")
        if self.directive.name == "alias":
            if self.prefix.endswith("/") and not self.folder.endswith("/"):
                yield "slash", f"{folder}/{relative_path}"
            yield "alias", folder + self.uri
        elif self.prefix.rstrip("/"):
            yield "root", f"{folder}/{relative_path}"
        elif self.outer.rstrip("/") and self.uri.startswith(f"{self.outer.rstrip('/')}/"):
            yield "root", folder + self.uri.removeprefix(self.outer.rstrip("/"))
        base = folder if self.directive.name == "root" else ""
        if base:
            page_folder = page_path[: page_path.rfind("/") + 1]
            yield "base", base + page_folder.rstrip("/") + self.uri
            yield "base", f"{base}/{self.uri.lstrip('/').partition('/')[2]}"
        version = named_version(self.uri)
        if version and self.path.endswith(version.wrong):
            yield "version", self.path.removesuffix(version.wrong) + version.right

    @property
    def public_indexes(self) -> tuple[str, ...]:
        """The index files that the site would have if `root` names a project, and its public folder
        is meant; none if the path is not that of the whole folder."""
        if self.directive.name != "root" or self.uri != "/":
            return ()
        return tuple(
            posixpath.join(self.path, folder, index)
            for folder in PUBLIC_FOLDERS
            for index in _INDEXES
        )

    @property
    def fallback(self) -> tuple[str, str]:
        """The page of the application to which this file would belong: its URL's path, and its
        file."""
        folder, prefix = self.folder.rstrip("/"), self.prefix.rstrip("/")
        base = folder if self.directive.name == "alias" else folder + prefix
        return f"{prefix}/index.html", f"{base}/index.html"

    @property
    def fallbacks(self) -> tuple[tuple[str, str], ...]:
        """The pages of applications to which this file may belong, as `fallback`: those in the
        folders above it, the nearest first, and that of the location last."""
        first_path, first_file = self.fallback
        top_path, top = posixpath.dirname(first_path), posixpath.dirname(first_file)
        below = self.uri.rstrip("/").removeprefix(top_path.rstrip("/")).strip("/")
        folders = below.split("/")[:-1][:MAX_FOLDERS]
        names = ["/".join(folders[:end]) for end in range(len(folders), 0, -1)]
        inner = (
            (posixpath.join(top_path, name, "index.html"), posixpath.join(top, name, "index.html"))
            for name in names
        )
        return (*inner, self.fallback)


def _leads_back(location: LocationMatch, uri: str) -> bool:
    """Return whether a location looks for a file, and asks for the same path again without it."""
    own = children(location.block, "try_files")
    return bool(own) and own[-1].args[:1] == ("$uri",) and fallback_path(location, uri) == uri


def _looks_for_script(block: Directive) -> bool:
    """Return whether nginx answers 404 for a script that is not there."""
    try_files = children(block, "try_files")
    if try_files and try_files[-1].args[-1:] == ("=404",):
        return True
    return any(
        " ".join(condition.args).strip("() ") in _NO_SCRIPT
        and any(line.args[:1] == ("404",) for line in children(condition, "return"))
        for condition in children(block, "if")
    )


def served_file(
    location: LocationMatch, path: str, with_scripts: bool = False, start: str = ""
) -> ServedFile | None:
    """Return the file that a location serves for a path; None if an application gets the request,
    or if the path depends on variables or regular expressions. `with_scripts`: also a script that
    nginx looks for itself before FastCGI gets it (`try_files … =404`, or `if (!-f …)` with a 404;
    `try_files $uri /index.php` for that script).
    `start` is the folder at which relative paths begin (nginx(8), -p), "" if it is not known."""
    block, uri = location.block, normalize_path(path)
    pass_names = [name for name in PASS_DIRECTIVES if children(block, name)]
    if (
        with_scripts
        and pass_names == ["fastcgi_pass"]
        and (_looks_for_script(block) or _leads_back(location, uri or ""))
    ):
        pass_names = []
    if uri is None or pass_names or children(block, "return"):
        return None
    pattern = location_pattern(block) if block.name == "location" else None
    prefix = pattern.text if pattern and pattern.modifier in {"", "=", "^~"} else ""
    aliases = children(block, "alias")
    directive = aliases[-1] if aliases else location.directive("root")
    folder = _folder(location, directive, start) if directive else ""
    if directive is None or not folder:
        return None
    if aliases:
        file = folder + uri.removeprefix(prefix)
        return ServedFile(_normalized(file), directive, prefix, uri, folder) if prefix else None
    holder = next(
        (at for at, each in enumerate(location.blocks) if directive in children(each, "root")), 0
    )
    # A `root` inside counts more than an `alias` of a location around it.
    if any(children(outer, "alias") for outer in location.blocks[holder:]):
        return None
    own_prefix = prefix if directive in children(block, "root") else ""
    outer, expression = ("", "") if own_prefix else _outer_prefix(location.blocks[: holder + 1])
    file = _normalized(f"{folder}/{uri}")
    return ServedFile(file, directive, own_prefix, uri, folder, outer, expression)


def _outer_prefix(blocks: Sequence[Directive]) -> tuple[str, str]:
    """Return the prefix of the last of these blocks, and its regular expression, if it is a
    location: ("", "") if not. An expression that begins with no plain text has the prefix of the
    location around it."""
    own = location_pattern(blocks[-1]) if blocks[-1].name == "location" else None
    if own is None:
        return "", ""
    expression = own.text if own.modifier in {"~", "~*"} else ""
    for block in reversed(blocks):
        pattern = location_pattern(block) if block.name == "location" else None
        if pattern and pattern.modifier in {"", "=", "^~"}:
            return pattern.text, expression
        if pattern and (prefix := literal_prefix(pattern)):
            return prefix, expression
    return "", expression


def fallback_path(location: LocationMatch, path: str) -> str:
    """Return the path of the file to which `try_files` leads a path that is no file, "" if it
    leads elsewhere: to a status, a named location, or what depends on more variables."""
    try_files = location.directive("try_files")
    last = try_files.args[-1] if try_files and try_files.args else ""
    variables = {"uri": path, "is_args": "", "args": "", "query_string": ""}
    uri = expand_variables(location, last.partition("?")[0], variables) if last else ""
    return uri if uri and uri.startswith("/") and not uri.endswith("/") else ""


def fixed_file(location: LocationMatch) -> str:
    """Return the path of the file that `try_files` looks for whatever the request is, last before
    it answers with 404 ("/index.html" of `try_files $uri /index.html =404`), or "". One that comes
    first is there at times only: the page of maintenance work."""
    try_files = location.directive("try_files")
    *names, last = try_files.args if try_files and try_files.args else ("",)
    name = names[-1] if names else ""
    is_fixed = name.startswith("/") and "$" not in name and not name.endswith("/")
    return name if last == "=404" and is_fixed else ""


def fallback_places(
    location: LocationMatch, served: ServedFile
) -> Iterator[tuple[PathMistake, str]]:
    """Yield where the file of a fallback may be, with the mistake that this would mean ("base": the
    prefix of the location is no folder of `root`; "below": `root` names a project, and the file is
    in its public folder)."""
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    prefix = pattern.text.rstrip("/") if pattern and pattern.modifier in {"", "^~"} else ""
    folder, uri = served.folder.rstrip("/"), served.uri
    yield from (place for place in served.alternatives("/") if place[0] in {"slash", "root"})
    if served.directive.name == "root" and not served.prefix.rstrip("/"):
        if prefix and uri.startswith(f"{prefix}/"):
            yield "base", folder + uri.removeprefix(prefix)
        for public in PUBLIC_FOLDERS:
            yield "below", f"{folder}/{public}{uri}"


def other_fronts(served: ServedFile) -> Iterator[str]:
    """Yield the pages and scripts that begin sites (Symfony's app.php, most others' index.php),
    beside one that is missing. A page is none in the place of a script's: it would hide that the
    application is not there."""
    folder, _, name = served.path.rpartition("/")
    if name not in FRONTS:
        return
    scripts = (front for front in FRONTS if front.endswith(".php") or not name.endswith(".php"))
    yield from (f"{folder}/{front}" for front in scripts if front != name)


def start_folder(build: NginxBuild | None, options: Sequence[str]) -> str:
    """Return the folder at which relative paths of files begin: that of the option -p, else that
    with which nginx was built (nginx(8)); "" if it is not known."""
    given = dict(zip(options[::2], options[1::2], strict=False)).get("-p", "")
    return given or (build.prefix if build else "")


def hidden_indexes(location: LocationMatch, served: ServedFile) -> tuple[str, ...]:
    """Return the index files of a folder that nginx does not look for, because `try_files` has no
    "$uri/" and ends with a status (ngx_http_core_module, "try_files"; ngx_http_index_module)."""
    lines = list(children(location.block, "try_files"))
    *names, last = lines[-1].args if lines and lines[-1].args else ("",)
    may_find_it = any(name.endswith("/") or "index" in name for name in names)
    has_status = last in {"=404", "=403"}
    if not served.uri.endswith("/") or "$uri" not in names or may_find_it or not has_status:
        return ()
    index = location.directive("index")
    return tuple(
        posixpath.join(served.path, name)
        for name in (index.args if index else ("index.html",))
        if not UNPLAIN_NAME.search(name) and not name.startswith("/")
    )


def tries_no_file(location: LocationMatch) -> bool:
    """Return whether `try_files` ends with a status and no argument is the path itself, so that
    nginx finds no file by its own name (ngx_http_core_module, "try_files"): `$uri/index.html`."""
    lines = children(location.block, "try_files") or children(location.blocks[1], "try_files")
    *names, last = lines[-1].args if lines and lines[-1].args else ("",)
    inner = (name.removeprefix("$uri").lstrip("/") for name in names)
    is_known = not any("$" in rest or "@" in rest for rest in inner)
    return bool(names) and "$uri" not in names and is_known and last in {"=404", "=403"}


def index_names(location: LocationMatch) -> tuple[str, ...]:
    """Return the plain names of index files for which nginx looks in a folder, in its order."""
    index = location.directive("index")
    names = index.args if index else ("index.html",)
    return tuple(
        name for name in names if not UNPLAIN_NAME.search(name) and not name.startswith("/")
    )


def unnamed_indexes(location: LocationMatch, served: ServedFile) -> tuple[str, ...]:
    """Return the usual index files that a folder may have and that `index` does not name, so that
    nginx does not look for them (ngx_http_index_module: index.html alone by default)."""
    index = location.directive("index")
    names = index.args if index else ("index.html",)
    if not served.uri.endswith("/") or any(map(UNPLAIN_NAME.search, names)):
        return ()
    usual = (*_INDEXES, "index.htm")
    return tuple(posixpath.join(served.path, name) for name in usual if name not in names)


#: Pages that answer for an error, or prove to a search engine whose site it is.
_NO_FRONT_PAGE = re.compile(
    r"(?i)(?:[45]\d\d|50x|error\w*|maintenance|offline|google\w{8,}|yandex_\w+)$"
)


def only_page(paths: Sequence[str]) -> str:
    """Return the only page of a folder, whatever its name ("home.html", "Index.html"); "" for none,
    or more."""
    names = ((path, posixpath.splitext(posixpath.basename(path))) for path in paths)
    pages = [
        path
        for path, (stem, ending) in names
        if ending.lower() in {".html", ".htm"} and not _NO_FRONT_PAGE.match(stem)
    ]
    is_plain = len(pages) == 1 and re.fullmatch(r"[\w./-]{1,500}", pages[0], re.ASCII)
    return pages[0] if is_plain else ""


def _folder(location: LocationMatch, directive: Directive, start: str) -> str:
    """Return the folder of `root` or `alias`, "" if it is not known. A variable that `set` gives a
    value is known (`root $MAGE_ROOT/pub`), and one that is relative begins at `start`
    (`root html`)."""
    folder = expand_variables(location, directive.args[0], {}) if directive.args else None
    absolute = posixpath.join(start, folder) if folder else ""
    return absolute if _is_plain(absolute) else ""


def password_file(location: LocationMatch, folder: str) -> Directive | None:
    """Return the directive that names the file of passwords that a location asks for; None if it
    asks for none, or if the path depends on variables (ngx_http_auth_basic_module)."""
    realm, file = location.directive("auth_basic"), location.directive("auth_basic_user_file")
    if realm is None or realm.args[:1] in {(), ("off",)} or file is None or not file.args:
        return None
    return file if _is_plain(password_path(file, folder)) else None


def password_path(file: Directive, folder: str) -> str:
    """Return its path; one that is relative begins at the folder of nginx.conf."""
    return posixpath.join(folder, file.args[0])


def _is_plain(path: str) -> bool:
    return path.startswith("/") and "$" not in path


def _normalized(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")
