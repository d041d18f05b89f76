"""What this run requested of Apache, and whether a line of its error log is about it. No I/O."""

import re
from collections.abc import Collection, Iterable

from diagnose.model.frozen import frozen

_LINK = re.compile(r"AH00037: Symbolic link not allowed [^:]{0,60}: (/[^,]{1,500})")
#: The client of a request, with its port.
_CLIENT = re.compile(r"\[client (\S{2,60}):\d{1,5}\]")
#: What stands around a path in a message.
_AROUND = "'\",;:()"


@frozen
class RequestedSite:
    """What was requested: the paths, the folders of the sites that answer, and the backends
    ("host:port") and Unix sockets that they pass these paths on to. `visitors` are the addresses
    from which this run asks."""

    paths: Collection[str]
    roots: Collection[str]
    backends: Collection[str]
    sockets: Collection[str] = ()
    visitors: Collection[str] = ()

    def sent_request_of(self, line: str) -> bool:
        """Return whether a line is about a request of this run, by the client's address."""
        match = _CLIENT.search(line)
        return match is not None and match[1].strip("[]") in self.visitors

    def is_named_in(self, text: str) -> bool:
        """Return whether a message names the requested path, or its file."""
        if self._is_file_named_in(text):
            return True
        paths = [path for path in self.paths if len(path) > 1]
        files = [f"{root.rstrip('/')}{path}" for root in self.roots if root for path in paths]
        folders = [f"{root.rstrip('/')}/" for root in self.roots if root]
        is_root = any(path == "/" for path in self.paths)
        words = {word.strip(_AROUND) for word in text.split()}
        paths_of_request = {*paths, *files, *(folders if is_root else ())}
        paths_of_request |= {path.rstrip("/") for path in paths_of_request if len(path) > 1}
        return not words.isdisjoint(paths_of_request)

    def _is_file_named_in(self, text: str) -> bool:
        """Return whether a message names a script by its name alone, or a file that stands directly
        in the requested folder: its index file."""
        scripts = {path.rpartition("/")[2] for path in self.paths} - {""}
        folders = [
            f"{root.rstrip('/')}{path}"
            for root in self.roots
            if root
            for path in self.paths
            if path.endswith("/")
        ]
        for word in (word.strip(_AROUND) for word in text.split()):
            folder, _, name = word.rpartition("/")
            if (name in scripts and "." in name) or (name and f"{folder}/" in folders):
                return True
        return False

    def is_below_link_of(self, text: str) -> bool:
        """Return whether a message is about a symbolic link on the way to a requested file: Apache
        ends there, and does not come to the file's name."""
        match = _LINK.search(text)
        files = [f"{root.rstrip('/')}{path}" for root in self.roots for path in self.paths]
        return match is not None and any(
            file.startswith(f"{match[1].rstrip('/')}/") and is_within(match[1], self.roots)
            for file in files
        )

    def has_path(self, url: str) -> bool:
        """Return whether a path of the log is a requested one, or the index file of a requested
        folder: mod_dir asks for each of them, and the folder itself is then nowhere in the log."""
        path = url.partition("?")[0]
        folder, _, name = path.rpartition("/")
        return path in self.paths or (name.startswith("index.") and f"{folder}/" in self.paths)

    def has_backend(self, place: str, name: str | None) -> bool:
        """Return whether an address and port are an application's, perhaps by its name: mod_proxy
        writes both ("[::1]:8443 (localhost)")."""
        _, _, port = place.rpartition(":")
        return place in self.backends or f"{name}:{port}" in self.backends

    def has_folder(self, file: str) -> bool:
        """Return whether a path is a site's folder or in it."""
        is_folder = any(file == root.rstrip("/") for root in self.roots if root)
        return is_folder or is_within(file, self.roots)

    def follows(self, htaccess: str) -> bool:
        """Return whether a .htaccess is in a site's folder, below it or above it."""
        folder = htaccess.rpartition("/")[0]
        return is_within(htaccess, self.roots) or any(
            f"{root.rstrip('/')}/".startswith(f"{folder}/") for root in self.roots if root
        )


def is_within(file: str, roots: Iterable[str]) -> bool:
    """Return whether a path is in one of these folders."""
    return any(file.startswith(root.rstrip("/") + "/") for root in roots if root)
