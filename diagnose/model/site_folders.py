"""Observations of the folder from which a web server serves a site's files, and of copies in it."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.files import Access
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Digest, FilePath, Label, Text, Url, UrlPath, Word
from diagnose.model.summary import Summary, counted, phrase
from diagnose.model.web_servers import ServerFile


@frozen(kw_only=True, eq=False)
class SiteFolder(Observation):
    """The folder of the site that answers the target, after its page was 403 or 404.

    `path` is the folder, and `requested` the path of the URL. `exists` is whether the folder is
    there, and `page_exists` whether the requested file or folder in it is. `index_files` are the
    names "index.*" in the requested folder, or in the site's own if a file was requested.
    `shortened` is the file that is there if the path is shortened by `prefix`, the beginning by
    which the folder was chosen; "" if there is none. `kept` is the file that is there if the
    beginning `prefix`, which was taken off the path, stays; "" if there is none. `lookalike` is the
    name of a file that may be meant as .htaccess. `has_rewrite_rules` is True if the site's
    .htaccess has rules of mod_rewrite, and `is_application` if its index.html is the page of an
    application in the browser. `lost_script` is the file to which the last of those rules leads, if
    it is not there. `is_unset` is True if the configuration names no folder: `path` is then the
    folder in which the server runs. Where an alias chose the folder, `hidden` is the file of the
    site's own folder that answers without the alias: the requested one, or the script to which its
    .htaccess leads. `elsewhere` is the folder nearby in which the requested file is, or the index
    file that the site's folder has not; "" if there is none, or several. `front_script` is a script
    that answers every address of an application, by its path in the folder ("index.php",
    "blog/index.php": that of the nearest folder above the requested path), if no .htaccess leads to
    it, and `is_wordpress` is True if that script is WordPress's. `suffixed` is the file of the
    requested name with ".html" behind it, if that alone is there: a generator of sites leaves the
    ending out of its links. `rules_folder` is the deepest folder on the way to the requested path
    whose .htaccess has rules of mod_rewrite, if that of the site's own folder has none.
    `deepest` is the deepest folder in it that is there, on the way to the requested path, if that
    is not there.
    """

    layer: ClassVar[str] = "server"

    path: FilePath
    requested: UrlPath
    exists: bool
    page_exists: bool = False
    index_files: tuple[Label, ...] = ()
    has_rewrite_rules: bool = False
    is_application: bool = False
    prefix: UrlPath = ""
    shortened: FilePath = ""
    kept: FilePath = ""
    lookalike: Label = ""
    lost_script: Label = ""
    is_unset: bool = False
    hidden: FilePath = ""
    elsewhere: FilePath = ""
    front_script: Label = ""
    is_wordpress: bool = False
    suffixed: FilePath = ""
    rules_folder: FilePath = ""
    deepest: FilePath = ""

    def summary(self) -> Summary:
        if self.index_files:
            return self.path, self.index_files
        return self.path, phrase("no index") if self.exists else phrase("not there")


@frozen(kw_only=True, eq=False)
class FileInOtherCase(Observation):
    """A file or folder whose name differs from the requested one in upper and lower case alone,
    after the requested one was 404.

    `url` was asked, `folder` is the folder of the site, `path` the file that is there, and
    `address` the path of the URL with its name. `is_free` is whether nothing has the asked names
    beside it: no folder of the one name stands beside that of the other.
    """

    layer: ClassVar[str] = "http"

    url: Url
    folder: FilePath
    path: FilePath
    address: UrlPath
    is_free: bool = False

    def summary(self) -> Summary:
        return self.path, phrase("the name of {url} in another case", url=self.url)


@frozen(kw_only=True, eq=False)
class FolderRules(Observation):
    """The .htaccess whose rules decide for the requested path, after its page was 404, or for a
    file of the page that did not come. They are meant to lead all that is no file to a script, and
    its own folder has a script of that name: this one, or they name that of another folder.

    `file` is the .htaccess with its text, `folder` the path of the URL of its folder ("/" or
    "/blog"), `script` the path of the URL to which the rules lead, and `script_exists` whether that
    is a file. `own_script` is the script of its own folder.
    """

    layer: ClassVar[str] = "server"

    file: ServerFile
    folder: UrlPath
    script: UrlPath
    script_exists: bool
    own_script: FilePath

    def summary(self) -> Summary:
        return self.file.path, self.script


@frozen(kw_only=True, eq=False)
class CgiScript(Observation):
    """A script that Apache could not start. `mode` are its permissions, None if unknown.
    `interpreter` is the program that its first line names, "" without such a line, and
    `has_interpreter` whether that is there; `near` are programs of that name, or for that kind of
    file, elsewhere. `has_returns` is True if its first line ends as those of Windows do."""

    layer: ClassVar[str] = "server"

    path: FilePath
    mode: int | None = None
    interpreter: FilePath = ""
    has_interpreter: bool = False
    has_returns: bool = False
    near: tuple[FilePath, ...] = ()

    def summary(self) -> Summary:
        return self.path, self.interpreter or phrase("no interpreter")


@frozen(kw_only=True, eq=False)
class FolderAccess(Access):
    """The permissions on the path to the requested file, or to the folder's index file, and the
    user that runs the web server. Observed only after a 403 or 404, if the file is there.

    `hidden` is True if the server's own view of the file system does not have the file (systemd's
    ProtectHome and PrivateTmp, systemd.exec(5)).
    """

    layer: ClassVar[str] = "server"

    hidden: bool = False

    def summary(self) -> Summary:
        return Access.summary(self)


@frozen(kw_only=True, eq=False)
class PrecompressedFile(Observation):
    """A compressed copy that nginx sends in the place of a file of the page, and that is older than
    the file by `older_by` seconds. `differs` is True if its content is another than the file's,
    None if that is not known."""

    layer: ClassVar[str] = "nginx"

    url: Url
    path: FilePath
    copy_path: FilePath
    older_by: int
    differs: bool | None = None

    def summary(self) -> Summary:
        return self.copy_path, counted(
            "older by {count} second", "older by {count} seconds", self.older_by
        )


@frozen(kw_only=True, eq=False)
class HiddenPage(Observation):
    """The page of the target's own path, which visitors do not get: the server answered 200 with
    the file to which it leads all that is no file (`try_files`).

    `product` is the server, `path` the target's path. `file` is the page that lies beside,
    `shown_file` the file that was sent, and `fallback` the path of the URL that the last word of
    `try_files` names. The text of the response is that of `shown_file`, and not that of `file`.
    `folder` is the folder above the path whose application has `file` as its page ("/app/"); "" if
    `file` is the page of the path itself.
    """

    layer: ClassVar[str] = "http"

    product: Word
    path: UrlPath
    file: FilePath
    shown_file: FilePath
    fallback: UrlPath
    folder: UrlPath = ""

    def summary(self) -> Summary:
        return self.shown_file, phrase("hides {file}", file=self.file)


@frozen(kw_only=True, eq=False)
class StaticProject(Observation):
    """The project of Django whose static files the page lacks. `url` is the file's in the page,
    `folder` that in which nginx looks for such files. `path` is the project's manage.py, `owner`
    its user, and `python` the interpreter of its virtual environment ("" if none was found).
    `setting` is the line of its settings that names the folder for collectstatic, and `root` that
    folder, "" if the line computes it."""

    layer: ClassVar[str] = "upstream"

    url: Url
    folder: FilePath
    path: FilePath
    owner: Label = ""
    python: FilePath = ""
    setting: Text = ""
    root: FilePath = ""

    def summary(self) -> Summary:
        return self.path, self.setting or self.folder


@frozen(kw_only=True, eq=False)
class HiddenFile(Observation):
    """The answer for a hidden file that a message or the address names, and that for a name beside
    it that no site has: their statuses, and the types of their contents ("" without one)."""

    layer: ClassVar[str] = "http"

    url: Url
    address: Address
    port: int
    status: int
    media_type: Word = ""
    control_status: int = 0
    control_type: Word = ""

    def summary(self) -> Summary:
        return self.url, str(self.status)


@frozen(kw_only=True, eq=False)
class MaintenanceMark(Observation):
    """What tells the program of a site to answer 503 to visitors: a file that is there, or a line
    of its settings. `program` is its name, `path` the file, and `owner` its user. `line` is the
    line that closes the site, "" if the file alone does, and `number` its place. `age` are the
    seconds since the file changed. `working` are words of a command that runs now and may need the
    site to be closed: an update, or a copy of the database; "" for none."""

    layer: ClassVar[str] = "server"

    program: Word
    path: FilePath
    owner: Label = ""
    line: Text = ""
    number: int = 0
    age: int = 0
    working: Label = ""

    def summary(self) -> Summary:
        return self.path, self.line or self.program


@frozen(kw_only=True, eq=False)
class BuiltAddress(Observation):
    """A script that the web server sends from a file of its own, and that has an address of each
    visitor's machine ("http://localhost:3000"). `path` is the file. The site itself answers the
    paths `asked` that the script or a message has behind that address: a file is there, or the web
    server passes them on to that port."""

    layer: ClassVar[str] = "http"

    url: Url
    address: Text
    path: FilePath
    asked: tuple[UrlPath, ...]

    def summary(self) -> Summary:
        return self.path, self.address


@frozen(kw_only=True, eq=False)
class FileHolder(Observation):
    """Another container that has the file which the web server's container lacks at `path`.
    `container` is its id. The file is there in a folder of the server (`source`) or in a named
    volume (`volume`), which is mounted at `point`; all three are "" if the container alone has it.
    """

    layer: ClassVar[str] = "nginx"

    path: FilePath
    container: Digest
    source: FilePath = ""
    volume: Label = ""
    point: FilePath = ""

    def summary(self) -> Summary:
        return self.path, phrase("in container {container}", container=self.container[:12])
