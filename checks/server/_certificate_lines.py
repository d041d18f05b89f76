"""The lines by which Apache, Caddy and HAProxy name a certificate and its key, and the edit that
names another pair. HAProxy reads both from one file."""

import re
import shlex
from collections.abc import Collection, Iterator
from typing import Protocol

from checks.certificate._stored import StoredPair, stored_pair
from checks.server import ServerView, indentation, line_edit, line_text, place_text
from diagnose.model import Command, Edit, Location, server_commands
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate
from diagnose.model.web_servers import SiteFile, WebSite
from diagnose.parsers.hostnames import covers
from diagnose.parsers.sanitize import clean
from diagnose.parsers.web_sites import has_name


class KeyedCertificate(Protocol):
    """A certificate that lies with its key on the server: `OtherCertificate` and `StoredPair`."""

    @property
    def path(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def leaf(self) -> Certificate: ...


@frozen(eq=False)
class CertificateLine:
    """The line of a site of the target's name that names a certificate file."""

    site: WebSite
    file: SiteFile
    text: str

    @property
    def place(self) -> str:
        return place_text(self.file.file, self.file.line)

    @property
    def location(self) -> Location:
        start = max(self.text.find(self.file.path), 0)
        stop, excerpt = start + len(self.file.path) + 1, (clean(self.text, 500),)
        return Location(self.file.file, self.file.line, start + 1, stop, self.file.line, excerpt)


def certificate_line(view: ServerView, paths: Collection[str]) -> CertificateLine | None:
    """Return the line of the site that answers the target by its name and has one of these
    certificate files; None if another site answers, or if its line is not known."""
    for site in view.answering_sites:
        is_named = has_name(site, view.evidence.target.host) and not set(site.names) <= {"*"}
        for file in site.files:
            # A frontend of HAProxy need not name its sites: its certificate does.
            is_own = file.role == "bundle" or (is_named and file.role == "certificate")
            is_own = is_own and file.path in paths
            text = line_text(view, file.file, file.line) if is_own else ""
            if file.path and file.path in text:
                return CertificateLine(site, file, text)
    return None


def stored_pair_edit(view: ServerView, site: WebSite) -> tuple[Edit, StoredPair] | None:
    """Return the edit that names a certificate and its key from the server at the lines of a site
    whose own pair is unusable, and that pair; None if there is none."""
    own_files = site.paths("certificate", "key", "bundle")
    line = certificate_line(view, own_files)
    if line is None:
        return None
    names, is_bundle = {view.evidence.target.host}, line.file.role == "bundle"
    stored = stored_pair(view.evidence, names, own_files, joined=is_bundle)
    edit = replaced_pair(view, line, stored) if stored else None
    return (edit, stored) if edit and stored else None


def stored_bundle(view: ServerView, site: WebSite) -> tuple[Command, StoredPair] | None:
    """Return the command that writes a certificate and its key from the server into the one file
    that HAProxy reads, and that pair; None if there is none, or if the file is a tool's own."""
    bundles = [file.path for file in site.files if file.role == "bundle"]
    if len(bundles) != 1 or bundles[0].startswith(("/etc/letsencrypt/", "/root/")):
        return None
    evidence, path = view.evidence, bundles[0]
    stored = stored_pair(evidence, {evidence.target.host}, bundles, without=path)
    if stored is None or stored.key == stored.path:
        return None
    known = next((file for file in evidence.good(CertificateFile) if file.path == path), None)
    if known is None:
        return server_commands.create_bundle(path, stored.path, stored.key), stored
    own = known.real or path
    return server_commands.write_bundle(own, stored.path, stored.key), stored


def replaced_pair(
    view: ServerView, line: CertificateLine, candidate: KeyedCertificate
) -> Edit | None:
    """Return the edit that names another certificate and its key; None if the lines serve names
    that it does not cover, or if they are not known."""
    places = {(line.file.file, line.file.line)}
    sites = view.config.sites if view.config else ()
    sharing = [site for site in sites if places & {(each.file, each.line) for each in site.files}]
    names = {name.replace("*", "any") for site in sharing for name in site.names if name != "*"}
    leaf = candidate.leaf
    if not all(covers(name, leaf.dns_names, leaf.addresses) for name in names):
        return None
    changes: dict[int, tuple[str, ...]] = {}
    for file, path in _files(line.site, candidate):
        own = changes.get(file.line, (line_text(view, file.file, file.line),))[0]
        if file.file != line.file.file or file.path not in own:
            return None
        indent = indentation(own)
        word = re.compile(rf"(?<!\S)[\"']?{re.escape(file.path)}[\"']?(?!\S)")
        match = word.search(own)
        if match is None:
            return None
        changed = f"{own[: match.start()]}{shlex.quote(path)}{own[match.end() :]}"
        changed = changed if path else f"{indent}# {own.strip()}"
        changes[file.line] = (changed,)
    return line_edit(view, line.file.file, changes)


def _files(site: WebSite, candidate: KeyedCertificate) -> Iterator[tuple[SiteFile, str]]:
    """Yield the files of a site, and what to name in their place, "" for nothing: the chain is in
    a new file."""
    if [file.role for file in site.files] == ["bundle"]:
        if candidate.path == candidate.key:
            yield site.files[0], candidate.path
        return
    paths = {"certificate": candidate.path, "key": candidate.key}
    if candidate.path not in site.paths("certificate"):
        paths["chain"] = ""
    roles = [file.role for file in site.files]
    if roles.count("certificate") == roles.count("key") == 1:
        for file in site.files:
            if file.role in paths:
                yield file, paths[file.role]
