"""What corrects a configuration that nginx refuses because something that it names is not there: a
folder, a file of an `include`, a user, the address of a server.

A folder is made by a command. A file of another package is replaced by its own lines, which are
short and known. What else a missing file had, only its owner knows.
"""

import posixpath
import re

from checks.nginx import Nginx, file_line
from checks.nginx._repairs import (
    Changes,
    Reader,
    Repair,
    all_directives,
    replaced_everywhere,
    reported,
)
from diagnose.model.nginx import TestMessage
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.sanitize import UNSAFE

#: The short files that the packages of Debian have, and those of nginx.org and Red Hat have not
#: (debian/conf). With Debian's fastcgi.conf as the lines of which it consists.
_PACKAGED = {
    "proxy_params": (
        "proxy_set_header Host $host;",
        "proxy_set_header X-Real-IP $remote_addr;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    ),
    "fastcgi-php.conf": (
        "fastcgi_split_path_info ^(.+\\.php)(/.+)$;",
        "try_files $fastcgi_script_name =404;",
        "set $path_info $fastcgi_path_info;",
        "fastcgi_index index.php;",
        "include fastcgi_params;",
        "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;",
        "fastcgi_param PATH_INFO $path_info;",
    ),
    "fastcgi.conf": (
        "include fastcgi_params;",
        "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;",
    ),
}
#: The directives that name a file which nginx makes itself, in a folder that has to be there.
_WRITTEN = frozenset({"access_log", "error_log", "pid", "lock_file"})
#: The user of the workers in the packages, by what their builds have as `--user`.
_PLAIN_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def _main(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """The main file itself is not there."""
    is_main = nginx.test is not None and match[1] == nginx.test.config and not message.file
    return Repair("main_missing", before=match[1]) if is_main else None


def _folder(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """nginx makes a log or a cache, and no folder above it."""
    path = match["log"] or match["folder"]
    if UNSAFE.search(path) or not path.startswith("/"):
        return None
    if match["log"] and not _is_written(nginx, path):
        return None
    folder = posixpath.dirname(path)
    # A folder of the temporary file system is gone after the next boot.
    return Repair("folder", before=path, after=folder) if folder.count("/") > 1 else None


def _is_written(nginx: Nginx, path: str) -> bool:
    """Return whether a line for a log or a process id names this file."""
    return any(
        directive.name in _WRITTEN
        and directive.args[:1]
        and path.endswith(f"/{directive.args[0].lstrip('/')}")
        for directive in all_directives(nginx)
    )


def _included(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A file that an `include` names, without a pattern, is not there."""
    path, config = match[1], nginx.config
    changes: Changes = ()
    place = word = ""
    lines = _PACKAGED.get(posixpath.basename(path), ())
    # An include stands in the file alone: what it includes takes its place in the configuration.
    for file in config.files if config else ():
        for line in walk(nginx_parser.parse(file.text, file.path)):
            if line.name != "include" or not _is_path(line.args, path):
                continue
            place, word = place or file_line(line), word or line.args[0]
            indent = re.search(r"[ \t]*\Z", file.text[: line.start])
            lead = f"\n{indent[0] if indent else ''}"
            own = edits.replace_directive(line, lead.join(lines))
            change = own if lines else edits.remove_directive(file.text, line)
            changes = (*changes, (file.path, change))
    if not place:
        return None
    return Repair("lines" if lines else "include", changes, word, path, place, is_sure=False)


def _is_path(args: tuple[str, ...], path: str) -> bool:
    """Return whether the words of an `include` are this path, absolute or from nginx's folder."""
    if len(args) != 1 or "*" in args[0]:
        return False
    return args[0] == path or path.endswith(f"/{args[0].removeprefix('./')}")


def _dhparam(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """The parameters of a key exchange that no browser of today needs."""
    path, changes = match[1], ()  # type: str, Changes
    for line in all_directives(nginx):
        file = nginx.file(line)
        if line.name == "ssl_dhparam" and file is not None and _is_path(line.args, path):
            changes = (*changes, (file.path, edits.remove_directive(file.text, line)))
    if not changes or UNSAFE.search(path):
        return None
    return Repair("dhparam", tuple(dict.fromkeys(changes)), path, is_sure=False)


def _user(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`user` names one that this system does not have: the packages' users differ."""
    directive = reported(nginx, message, "user")
    file = nginx.file(directive) if directive else None
    arguments = nginx.build.arguments if nginx.build else ()
    built = next((argument[7:] for argument in arguments if argument.startswith("--user=")), "")
    if directive is None or file is None:
        return None
    before = " ".join(("user", *directive.args))
    if match[1] == "gr" and directive.args:
        # Without a group nginx takes that of the user's name.
        after = f"user {directive.args[0]};" if len(directive.args) > 1 else ""
    else:
        known = built if _PLAIN_USER.fullmatch(built) and built != match[2] else ""
        after = f"user {known};" if known else ""
    changes = ((file.path, edits.replace_directive(directive, after)),) if after else ()
    return Repair("user", changes, f"{before};", after, match[2], is_sure=False)


#: An address with what does not belong to a server of an `upstream`: its protocol, a path.
_MEMBER = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>[\w.\[\]:-]{1,260})(?P<path>/\S{0,200})?")


def _member(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`upstream a { server http://127.0.0.1:3000/; }`: the protocol and the path stand in
    proxy_pass (ngx_http_upstream_module, "server")."""
    directive = reported(nginx, message, "server")
    address = _MEMBER.fullmatch(match[1])
    if directive is None or directive.block is not None or address is None:
        return None
    if not (address["scheme"] or address["path"]):
        return None
    after = address["host"]
    if address["scheme"] == "https" and not re.search(r":\d{1,5}$", after):
        after = f"{after}:443"
    changes: Changes = ()
    for line in all_directives(nginx):
        if line.name == "server" and line.block is None and line.args[:1] == (match[1],):
            changes = (*changes, *replaced_everywhere(nginx, line, match[1], after))
    is_sure = address["scheme"] != "https" and address["path"] in {None, "/"}
    lost = "https" if address["scheme"] == "https" else (address["path"] or "").rstrip("/")
    unique = tuple(dict.fromkeys(changes))
    return Repair("member", unique, match[1], after, lost, is_sure=is_sure)


MISSING_READERS: tuple[tuple[str, Reader], ...] = (
    (r'open\(\) "(/[^"]{1,500})" failed \(2: ', _main),
    (r'(?:open\(\) "(?P<log>/[^"]{1,500})"|mkdir\(\) "(?P<folder>/[^"]{1,500})") failed \(2: ',
     _folder),
    (r'open\(\) "(/[^"]{1,500})" failed \(2: ', _included),
    (r'BIO_new_file\("(/[^"]{1,500})"\) failed .*No such file', _dhparam),
    (r'get(pw|gr)nam\("([^"]{1,100})"\) failed', _user),
    (r'invalid (?:host|port) in upstream "([^"]{1,500})"', _member),
)  # fmt: skip
