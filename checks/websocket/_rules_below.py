"""The rule of Caddy, Apache or HAProxy that passes on what is below a path and not the path itself,
and the edit that lets it take both (Caddy, "Request Matchers": /ws/* does not match /ws; mod_proxy,
"ProxyPass"; HAProxy Configuration Manual, "path_beg")."""

import re

from checks.server import ServerView, indentation, line_edit, reload_steps, server_on_port
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.model.web_servers import ServerFile

#: A path that stands in a configuration as it is.
_PLAIN = re.compile(r"(?:/[\w.~-]{1,80}){1,12}", re.ASCII)
#: Name of the matcher of Caddy.
_MATCHER = "@websocket_path"


def below_fix(evidence: Evidence, path: str) -> Fix | None:
    """Return the fix that lets the only rule for the paths below `path` take `path` as well; None
    without one such rule, or if it is written in another way."""
    view = server_on_port(evidence)
    if view is None or view.config is None or not _PLAIN.fullmatch(path):
        return None
    edits = [edit for file in view.config.files if (edit := _edit(view, file, path))]
    if len(edits) != 1:
        return None
    return Fix((edits[0], *reload_steps(view.server)), Applicability.REVIEW)


def _edit(view: ServerView, file: ServerFile, path: str) -> Edit | None:
    product = view.server.product
    written = {"caddy": _caddy, "apache": _apache, "haproxy": _haproxy}.get(product)
    sites = [site for site in view.answering_sites if site.file == file.path and site.end]
    rows = list(enumerate(file.text.split("\n"), 1))
    if product != "haproxy":
        rows = [row for site in sites[:1] for row in rows[site.line : site.end]]
    texts = [(number, row.rstrip("\r")) for number, row in rows if len(row) < 1000]
    # A line for the very path counts for it already, or is the reason.
    itself = re.compile(rf"(?:^|\s)[\"']?{re.escape(path)}\*?[\"']?(?:\s|$)")
    if written is None or any(itself.search(text) for _, text in texts if "#" not in text):
        return None
    changes = {number: lines for number, text in texts if (lines := written(text, path, file.text))}
    return line_edit(view, file.path, changes) if len(changes) == 1 else None


def _caddy(text: str, path: str, whole: str) -> tuple[str, ...]:
    below = re.escape(f"{path}/*")
    if match := re.fullmatch(rf"(\s*@[\w-]{{1,60}}\s+path\s.*?){below}(.*)", text):
        return (f"{match[1]}{path} {path}/*{match[2]}",)
    match = re.fullmatch(rf"(\s*(?:handle|route|reverse_proxy)\s+){below}(\s.*)", text)
    if match is None or _MATCHER in whole:
        return ()
    matcher = f"{indentation(text)}{_MATCHER} path {path} {path}/*"
    return matcher, f"{match[1]}{_MATCHER}{match[2]}"


def _apache(text: str, path: str, _: str) -> tuple[str, ...]:
    """Take the slash off both ends: the rest of the path follows them."""
    pattern = (
        rf"(?i)(\s*ProxyPass\s+){re.escape(path)}/(\s+(?:wss?|https?)://[^\s\"']{{1,300}}?)/(\s.*)?"
    )
    match = re.fullmatch(pattern, text)
    return (f"{match[1]}{path}{match[2]}{match[3] or ''}",) if match else ()


def _haproxy(text: str, path: str, _: str) -> tuple[str, ...]:
    below = re.escape(f"{path}/")
    if match := re.fullmatch(rf"(\s*acl\s+\S{{1,80}}\s+)path_beg(?:\s+-i)?\s+{below}\s*", text):
        return text, f"{match[1]}path {path}"
    if re.fullmatch(rf"\s*use_backend\s+\S{{1,80}}\s+if\s+{{ path_beg {below} }}\s*", text):
        return (f"{text.rstrip()} || {{ path {path} }}",)
    return ()
