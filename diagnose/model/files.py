"""Observations of files around nginx, made only after something failed: file permissions, log
messages of a failed start, other certificates. Configurations that nobody reads are in
`unread_configs`."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    Body,
    CommandLine,
    Digest,
    FilePath,
    Label,
    Text,
    Url,
    Word,
)
from diagnose.model.nginx import TestMessage
from diagnose.model.summary import Summary, clauses, phrase
from diagnose.model.tls import Certificate

#: The setting that leads nginx to another path than the file's: the last slash of alias, `root`
#: where `alias` is meant and the opposite, the base path of the page's build, a missing fallback to
#: the page of an application whose addresses exist in the browser only, a `try_files` that hides
#: the index file of a folder, a `try_files` without `$uri.html` for addresses without the ending,
#: a file that is there compressed alone, a fallback to another front page than the folder has.
PathMistake = Literal[
    "", "slash", "root", "alias", "base", "fallback", "folder", "no-fallback", "below", "hidden",
    "ending", "expression", "version", "index", "script", "untried", "taken", "rewrite",
    "inside", "commented", "beside", "letter", "compressed", "front",
]  # fmt: skip
SelinuxMode = Literal["", "enforcing", "permissive"]


@frozen
class PathComponent:
    """A folder on the path to a file, or the file itself: owner, permission bits (inode(7)) and
    SELinux label ("" for none). `listed` is True if it has an access control list (acl(5)), which
    may allow users that the bits do not allow. `admitting` is True for one that the reader may use
    whatever the bits say, and for a second name of another part, by a link."""

    path: FilePath
    uid: int
    user: Label
    gid: int
    group: Label
    mode: int
    label: Word = ""
    folder: bool = True
    listed: bool = False
    admitting: bool = False

    @property
    def mode_and_owner(self) -> str:
        """The permission bits and the owner, as "0640 root:www-data"."""
        return f"{self.mode:04o} {self.user}:{self.group}"

    def admits(self, uid: int, gids: tuple[int, ...]) -> bool:
        """Return True if a user may read the file, or enter the folder (path_resolution(7))."""
        permission_bit = 1 if self.folder else 4
        if uid == 0 or self.listed or self.admitting:
            return True
        if uid == self.uid:
            return bool(self.mode >> 6 & permission_bit)
        return bool((self.mode >> 3 if self.gid in gids else self.mode) & permission_bit)


@frozen(kw_only=True, eq=False)
class Access(Observation):
    """The permissions on the path to a file, and the user that runs nginx.

    `parts` lead from the root folder to the file, with links resolved; `path` is the path in the
    configuration. `uid`, `user` and `gids` belong to the user that runs nginx (None and "" if
    unknown); `group` is that user's primary group. `enforcing` is True if SELinux enforces its
    policy; `default` is the label that the policy gives the file (matchpathcon(8)).
    """

    layer: ClassVar[str] = "nginx"

    path: FilePath
    parts: tuple[PathComponent, ...] = ()
    uid: int | None = None
    user: Label = ""
    gids: tuple[int, ...] = ()
    group: Label = ""
    enforcing: bool = False
    default: Word = ""

    @property
    def denied_parts(self) -> tuple[PathComponent, ...]:
        """The folders and files that nginx's user may not enter or read."""
        if self.uid is None:
            return ()
        return tuple(part for part in self.parts if not part.admits(self.uid, self.gids))

    @property
    def mislabelled_file(self) -> PathComponent | None:
        """The file, if SELinux is enforcing and its policy gives the file another type (the third
        field of a label); otherwise None."""
        file = self.parts[-1]
        types = [label.split(":")[2:3] for label in (file.label, self.default)]
        return file if self.enforcing and file.label and types[0] != types[1] else None

    def summary(self) -> Summary:
        parts = tuple(
            " ".join(filter(None, (part.mode_and_owner, part.label, part.path)))
            for part in self.denied_parts or self.parts[-1:]
        )
        if self.user:
            return phrase("{path} for {user}", path=self.path, user=self.user), parts
        return self.path, parts


@frozen(kw_only=True, eq=False)
class PageAccess(Access):
    """The permissions on the path to a file of the site that nginx's worker may not read; the user
    is that of the workers. Observed only if nginx's error log names the file. `beside` is the
    number of other files for browsers in its folder that have the same owner, group and mode."""

    beside: int = 0

    def summary(self) -> Summary:
        return Access.summary(self)


@frozen(kw_only=True, eq=False)
class StartFileAccess(Access):
    """The permissions on the path to a certificate or key of a web server other than nginx, for the
    user as whom its service starts it (User= in the file of `unit`). Observed only of a server that
    does not run."""

    unit: Label = ""

    def summary(self) -> Summary:
        return Access.summary(self)


@frozen(kw_only=True, eq=False)
class ServiceFileAccess(Access):
    """The permissions on the path to a certificate or key for the user of the service `unit`, whose
    journal says that it may not read it. Observed only if the service does not run."""

    unit: Label = ""

    def summary(self) -> Summary:
        return Access.summary(self)


@frozen(kw_only=True, eq=False)
class PasswordFileAccess(Access):
    """The permissions on the path to the file of passwords of a location that asks for one
    (auth_basic_user_file); the user is that of the workers. Observed only if the target answers
    401."""

    @property
    def exists(self) -> bool:
        return self.is_folder or any(not part.folder for part in self.parts)

    @property
    def is_folder(self) -> bool:
        """Whether the path is that of a folder, which holds no passwords."""
        return any(part.folder and part.path == self.path for part in self.parts)

    def summary(self) -> Summary:
        return Access.summary(self) if self.exists else (self.path, phrase("missing"))


@frozen(kw_only=True, eq=False)
class BodyFolderAccess(Access):
    """The permissions on the path to the folder in which nginx keeps the bodies of requests that do
    not fit into its buffer (client_body_temp_path); the user is that of the workers. Observed only
    if the page sends anything."""

    @property
    def closed_part(self) -> PathComponent | None:
        """The folder that the workers may not enter, or the last one, if they may not write in it.
        None if they may, or if that is not known."""
        if self.uid is None or not self.parts:
            return None
        if denied := self.denied_parts:
            return denied[0]
        last = self.parts[-1]
        return None if last.path != self.path or self.may_write(last) else last

    @property
    def is_open(self) -> bool:
        """Whether the workers may write there, as all rights on the way were seen."""
        is_seen = self.uid is not None and bool(self.parts) and self.parts[-1].path == self.path
        is_listed = any(part.listed for part in self.parts)
        return is_seen and not is_listed and not self.enforcing and self.closed_part is None

    def may_write(self, part: PathComponent) -> bool:
        """Return whether the workers may write in a folder, as far as its bits say it."""
        if self.uid == 0 or part.listed:
            return True
        if part.uid == self.uid:
            return bool(part.mode & 0o200)
        return bool((part.mode >> 3 if part.gid in self.gids else part.mode) & 2)

    def summary(self) -> Summary:
        return Access.summary(self)


@frozen(kw_only=True, eq=False)
class TempFolderAccess(BodyFolderAccess):
    """The permissions on the path to a folder in which nginx could not write a temporary file, by
    its error log; the user is that of the workers. Observed only after such a line.

    `changed` is when the rights of the folder or of one above it changed last, in seconds since the
    epoch by the server's clock, None if unknown. `given_back` is True if the folder's changed while
    this run lasted: `nginx -t`, run by root, gives it to the workers.
    """

    changed: float | None = None
    given_back: bool = False

    def summary(self) -> Summary:
        return Access.summary(self)


@frozen(kw_only=True, eq=False)
class SessionFolderAccess(BodyFolderAccess):
    """The permissions on the path to the folder in which PHP keeps sessions; the user is that of
    the processes of PHP-FPM, if all have one. Observed only after PHP's own warning."""

    def summary(self) -> Summary:
        return Access.summary(self)


@frozen(kw_only=True, eq=False)
class PageFileAccess(Access):
    """The permissions on the path that nginx opens for a style sheet or script of the page, or for
    a target that answers 404, or 403 as a folder; the user is that of the workers. Observed only if
    browsers do not use its response.

    `url` is the file's URL in the page. `elsewhere` is another path at which the file exists, ""
    if none was seen; `mistake` says which setting is wrong then ("folder": the folder of root or
    alias is not there at all; "no-fallback": this file is the last argument of try_files, and it is
    not there, but perhaps in a folder on the way to the path; "below": the index file is in a
    folder inside that of root, or there is the page of a front end's build, whose source this file
    is; "script": PHP does not find the script of this path, SCRIPT_FILENAME; "index": the folder
    has an index file that `index` does not name;
    "hidden": try_files does not look for the index file of this
    folder; "ending": the file has ".html" behind this path; "expression": a location with a regular
    expression gets the request, and the file is where the longest prefix leads; "rewrite": so it
    does, and the file is where a `rewrite` of that prefix's location leads; "version": the
    page names the file with a version that nobody takes away; "untried": the file is there, and
    try_files does not name it; "taken": nginx leads the folder to its index file, and another
    location takes that path; "inside": one folder of it has an index file, and no other;
    "commented": a `root` or `alias` that stands in a comment of the location leads to the file;
    "beside": a folder beside that of `root` has it, or its index file; "letter": it is where a name
    of the path is written with another letter). `types_file` is nginx's list of types (mime.types),
    "" if it was not seen.
    """

    url: Url
    elsewhere: FilePath = ""
    mistake: PathMistake = ""
    types_file: FilePath = ""

    @property
    def exists(self) -> bool:
        return any(not part.folder for part in self.parts)

    def summary(self) -> Summary:
        if self.exists:
            return Access.summary(self)
        if self.elsewhere:
            return self.path, phrase("missing; is {elsewhere}", elsewhere=self.elsewhere)
        return self.path, phrase("missing")


@frozen(kw_only=True, eq=False)
class SiblingFile(Access):
    """A file of the page that the site does not serve, where it was seen: in a folder of another
    location, of a program behind nginx (`of_program`), or as the only file of this path on the
    server (`is_only`). `url` is the file's URL in the page; the permissions are those for nginx's
    workers. Also the index.php that answers for the target, where it is not in the folder of
    `root`, but in a folder above the target's path (`url` is its own), or in a public one below."""

    url: Url
    of_program: bool = False
    is_only: bool = False

    def summary(self) -> Summary:
        return self.path, phrase("the file of {url}", url=self.url)


@frozen(kw_only=True, eq=False)
class NginxStart(Observation):
    """The last start of an nginx that does not run.

    `messages` are what that start wrote to the journal (`source`), if it failed. `user` is the user
    that its unit starts it as, "" for root. `selinux` is the mode ("enforcing", "permissive", "" if
    there is none), `ports` the ports on which SELinux lets web servers listen (http_port_t).

    `unit` is the service that starts this program ("nginx.service"), "" if there is none. `state`
    and `result` are systemd's words for its state and how it ended ("failed", "start-limit-hit":
    systemd.service(5), ExecStopPost=), `since` when that began. `line` is the journal's line about
    that end, `step` the command that failed before nginx was started (ExecStartPre=), "" if none.
    `limited` is True if systemd stopped trying after too many failed starts (systemd.unit(5),
    StartLimitBurst=). `hidden` are the folders in which the service sees other files than we do
    (systemd.exec(5), PrivateTmp=, ProtectHome=). `socket` is the socket unit with which systemd
    itself holds the target's port (systemd.socket(5)), "" if none. `pid_file` is where systemd
    looks for the number of nginx's process (systemd.service(5), PIDFile=), "" if nowhere.
    """

    layer: ClassVar[str] = "nginx"

    messages: tuple[TestMessage, ...] = ()
    source: CommandLine = ""
    user: Label = ""
    selinux: SelinuxMode = ""
    ports: Text = ""
    unit: Label = ""
    state: Word = ""
    result: Word = ""
    since: Text = ""
    line: Body = ""
    step: CommandLine = ""
    limited: bool = False
    hidden: tuple[FilePath, ...] = ()
    socket: Label = ""
    pid_file: FilePath = ""

    def summary(self) -> Summary:
        last_message = " ".join(message.text for message in self.messages[-1:])
        state = f"SELinux {self.selinux}" if self.selinux else f"{self.unit} {self.state}"
        return self.source, last_message or self.line or state


@frozen(kw_only=True, eq=False)
class OtherCertificate(Observation):
    """A better certificate for the target's name, in a file that nginx does not read.

    It expires later than the one in use; or it is any valid one, if the one in use is self-signed
    or for another name. `public` is the fingerprint of its public key, `key` the file with the
    matching private key, "" if none was found. `tool` is the tool that renews it, known by its
    folder.
    """

    layer: ClassVar[str] = "certificate"

    path: FilePath
    leaf: Certificate
    public: Digest = ""
    key: FilePath = ""
    tool: Word = ""
    changed: float | None = None

    def summary(self) -> Summary:
        if not self.key:
            return self.path, self.leaf.expiry
        return self.path, clauses(self.leaf.expiry, phrase("its key in {key}", key=self.key))


@frozen(kw_only=True, eq=False)
class StoredCertificate(Observation):
    """A file with certificates near those that a web server's configuration names, looked at where
    one of these is missing, lacks its issuer, or does not belong to its key.

    `chain` are the file's certificates in its order, `publics` the fingerprints of their public
    keys as in `CertificateFile.publics`. `key` is a file with the private key of the first one, ""
    if none was found. `text` is kept if the file holds certificates and nothing else.
    """

    layer: ClassVar[str] = "certificate"

    path: FilePath
    chain: tuple[Certificate, ...]
    publics: tuple[Digest, ...] = ()
    key: FilePath = ""
    text: Text = ""

    def summary(self) -> Summary:
        if not self.key:
            return self.path, self.chain[0].expiry
        return self.path, clauses(self.chain[0].expiry, phrase("its key in {key}", key=self.key))


@frozen(kw_only=True, eq=False)
class NginxModules(Observation):
    """The dynamic modules in nginx's module folder (`load_module`), by name without ".so"."""

    layer: ClassVar[str] = "nginx"

    folder: FilePath
    names: tuple[Label, ...] = ()

    def summary(self) -> Summary:
        return self.folder, self.names
