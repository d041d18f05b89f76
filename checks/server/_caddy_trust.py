"""The option by which Caddy believes what a proxy in front says of its visitors."""

import re

from checks.server import ServerView, file_rows, indentation, line_edit, reload_steps
from diagnose.model import Applicability, Fix

TRUSTED = re.compile(r"^\s*trusted_proxies\b", re.MULTILINE)
PROXY = re.compile(r"^\s*reverse_proxy\b", re.MULTILINE)


def trusting_fix(view: ServerView, networks: str = "private_ranges") -> Fix | None:
    """Return the fix by which Caddy trusts private addresses, or these networks, at its only
    reverse_proxy; None if a person has to write it. The global option is newer (2.6.3)."""
    return proxy_option_fix(view, f"trusted_proxies {networks}")


def proxy_option_fix(view: ServerView, option: str) -> Fix | None:
    """Return the fix that gives the only reverse_proxy an option; None for several."""
    places = [
        (file.path, number, line)
        for file in (view.config.files if view.config else ())
        for number, line in enumerate(file_rows(view, file), 1)
        if PROXY.match(line)
    ]
    if len(places) != 1 or "#" in places[0][2] or places[0][2].endswith("\\"):
        return None
    path, number, line = places[0]
    indent = indentation(line)
    option = f"{indent}\t{option}"
    opened = line.rstrip()
    has_block = opened.endswith("{")
    new = (opened, option) if has_block else (f"{opened} {{", option, f"{indent}}}")
    edit = line_edit(view, path, {number: new})
    if edit is None:
        return None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
