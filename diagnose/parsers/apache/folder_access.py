"""Who may see a folder by the sections of a configuration, and whether its .htaccess is read
(mod_authz_core, mod_access_compat, core). No I/O."""

from collections.abc import Sequence

from diagnose.parsers.apache.config import Directive
from diagnose.parsers.sanitize import clean


def last_argument(directives: Sequence[Directive], name: str) -> str:
    """Return the first argument of the last directive of that name, "" if there is none."""
    values = [
        directive.args[0] for directive in directives if directive.name == name and directive.args
    ]
    return values[-1] if values else ""


def is_guarded(folder: str, sections: Sequence[Directive]) -> bool | None:
    """Return whether a section says who may see a folder: one for it or a folder above it, except
    the root of the file system, or one whose folders or paths are a pattern (mod_authz_core). None
    if only folders above it have one, and its own section is open in old words: a file between them
    may still deny it."""
    if not folder:
        return None
    own = folder.rstrip("/")
    with_rules = [
        section for section in sections if _covers(section, f"{own}/") and _has_access_rule(section)
    ]
    is_above = all(
        section.name == "directory" and f"{own}/".startswith(section.args[0].rstrip("/") + "/")
        for section in with_rules
        if section.args
    ) and own not in {"".join(section.args[:1]).rstrip("/") for section in with_rules}
    open_folders = {"".join(s.args[:1]).rstrip("/") for s in sections if _is_open_in_old_words(s)}
    return None if with_rules and is_above and own in open_folders else bool(with_rules)


def old_access(folder: str, sections: Sequence[Directive]) -> str:
    """Return where a section lets everybody into a folder in the words of Apache 2.2 alone."""
    for section in sections if folder else ():
        if _covers(section, f"{folder.rstrip('/')}/") and _is_open_in_old_words(section):
            return clean(f"{section.file}:{section.line}", 320)
    return ""


def reads_htaccess(folder: str, sections: Sequence[Directive]) -> bool | None:
    """Return whether AllowOverride lets Apache read a folder's .htaccess: what the section of the
    longest path says; without one it is None (core, "AllowOverride", since 2.3.9). A pattern that
    says something is not evaluated."""
    if not folder:
        return None
    overrides_by_depth: dict[int, str] = {}
    for section in sections:
        value = last_argument(section.block or (), "allowoverride").lower()
        own = "".join(section.args[:1]).rstrip("/")
        if not value or not section.name.startswith("directory"):
            continue
        if section.name == "directorymatch" or "~" in section.args or any(m in own for m in "*?["):
            return None
        if f"{folder.rstrip('/')}/".startswith(f"{own}/"):
            overrides_by_depth[len(own)] = value
    return bool(overrides_by_depth) and overrides_by_depth[max(overrides_by_depth)] != "none"


def _covers(section: Directive, folder: str) -> bool:
    if section.name in {"locationmatch", "directorymatch", "if"}:
        return True
    if section.name == "location":
        return "~" in section.args or section.args[:1] == ("/",)
    own = "".join(section.args[:1]).rstrip("/")
    is_pattern = "~" in section.args or any(mark in own for mark in "*?[")
    return (
        section.name == "directory"
        and (is_pattern or bool(own))
        and (is_pattern or folder.startswith(f"{own}/"))
    )


def _has_access_rule(section: Directive) -> bool:
    """Return whether a section says who may see what it covers. The words of Apache 2.2 that let
    everybody in (mod_access_compat) do not: beside an inherited "Require all denied" they grant
    nothing ("Upgrading to 2.4 from 2.2", "Access control")."""
    return not _is_open_in_old_words(section) and any(
        directive.name in {"require", "order", "allow", "deny"}
        or directive.name.startswith("require")
        or (directive.block is not None and _has_access_rule(directive))
        for directive in section.block or ()
    )


def _is_open_in_old_words(section: Directive) -> bool:
    """Return whether a section has "Allow from all" and nothing else that says who may come in."""
    rules = [
        (directive.name, tuple(word.lower() for word in directive.args))
        for directive in section.block or ()
        if directive.name in {"allow", "deny", "satisfy"}
        or directive.name.startswith("require")
        or (directive.block is not None and _has_access_rule(directive))
    ]
    return bool(rules) and all(rule == ("allow", ("from", "all")) for rule in rules)
