"""The fix that turns TLS on for a site of Apache or HAProxy which names no certificate: with one
that lies on the server with its key."""

import posixpath
import re

from checks.certificate._stored import StoredPair, stored_pair
from checks.server import ServerView, indentation, line_edit, line_text, reload_steps
from checks.server._haproxy import haproxy_view, insert_word
from checks.server._haproxy_refused import Correction
from diagnose.model import Applicability, Edit, Fix, server_commands
from diagnose.model.files import StoredCertificate
from diagnose.model.web_servers import WebServerTest, WebSite
from diagnose.parsers.haproxy.config import Line, split_words

#: A path that stands in a configuration as it is.
_PLAIN = re.compile(r"/[\w./@+-]{1,400}", re.ASCII)
_UNNAMED = re.compile(r"no SSL certificate specified for bind '")


def stored_tls_fix(view: ServerView, site: WebSite) -> Fix | None:
    """Return the fix, to be reviewed: that this certificate is meant is likely. None if there is
    none for the name, or if the site is written in another way."""
    host = view.evidence.target.host
    if view.server.product == "haproxy":
        return _haproxy_fix(view, host)
    pair = _plain_pair(view, host)
    edit = _apache_edit(view, site, pair) if pair and view.server.product == "apache" else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _plain_pair(view: ServerView, host: str, joined: bool = False) -> StoredPair | None:
    """Return the certificate for the name that lies on the server, if a line can name its files."""
    pair = stored_pair(view.evidence, (host,), (), joined=joined)
    is_plain = pair is not None and all(map(_PLAIN.fullmatch, (pair.path, pair.key)))
    return pair if is_plain else None


def _is_free(view: ServerView, path: str) -> bool:
    """Return whether a new file may have this path: no certificate lies there."""
    stored = view.evidence.good(StoredCertificate)
    return _PLAIN.fullmatch(path) is not None and all(file.path != path for file in stored)


def _apache_edit(view: ServerView, site: WebSite, pair: StoredPair) -> Edit | None:
    opening = line_text(view, site.file, site.line)
    modules = view.config.modules if view.config else ()
    numbers = range(site.line + 1, site.end)
    words = [line_text(view, site.file, number).split()[:1] for number in numbers]
    is_set = any(word[0].lower().startswith("ssl") for word in words if word)
    if "ssl" not in modules or is_set or not opening.strip().lower().startswith("<virtualhost"):
        return None
    indent = f"{indentation(opening)}    "
    lines = ("SSLEngine on", f"SSLCertificateFile {pair.path}", f"SSLCertificateKeyFile {pair.key}")
    added = (f"{indent}{line}" for line in lines)
    return line_edit(view, site.file, {site.line: (opening, *added)})


def _haproxy_fix(view: ServerView, host: str) -> Fix | None:
    """HAProxy wants the certificate and its key in one file (Configuration Manual, "crt")."""
    haproxy = haproxy_view(view.evidence)
    line = haproxy.proxies.bind if haproxy else None
    if haproxy is None or line is None or haproxy.proxies.frontend.mode != "http":
        return None
    socket = line.words[1] if len(line.words) > 1 else ""
    is_sole = socket.endswith(f":{view.evidence.target.port}") and "," not in socket
    if {"ssl", "crt", "crt-list"} & set(line.words) or not is_sole:
        return None
    joined = _plain_pair(view, host, joined=True)
    pair = joined or _plain_pair(view, host)
    if pair is None:
        return None
    own = pair.path if joined else posixpath.join(posixpath.dirname(line.file), f"{host}.pem")
    bundle = () if joined else (server_commands.create_bundle(own, pair.path, pair.key),)
    edit = insert_word(view, line, f"ssl crt {own} alpn h2,http/1.1")
    if edit is None or not (joined or _is_free(view, own)):
        return None
    return Fix((*bundle, edit, *reload_steps(view.server)), Applicability.REVIEW)


def unnamed_correction(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the steps where HAProxy finds no certificate for a line of TLS, because the folder of
    "crt" is empty or "crt" is missing: a file with the one that lies on the server, and its key.
    None if there is none, or if it is in one file with its key already."""
    host, text = view.evidence.target.host, line_text(view, test.file, test.line)
    pair = _plain_pair(view, host)
    line = Line(split_words(text), test.file, test.line)
    if view.server.product != "haproxy" or not _UNNAMED.search(test.message) or pair is None:
        return None
    if line.words[:1] != ("bind",) or "ssl" not in line.words or pair.path == pair.key:
        return None
    folder = line.after("crt")
    own = posixpath.join(folder or posixpath.dirname(test.file), f"{host}.pem")
    bundle = server_commands.create_bundle(own, pair.path, pair.key)
    edit = None if folder else insert_word(view, line, f"crt {own}")
    is_plain = folder.startswith("/") or (edit is not None and own.startswith("/"))
    steps = (bundle, edit) if edit else (bundle,)
    is_plain = is_plain and _is_free(view, own)
    return Correction("own_certificate", host, steps) if is_plain else None
