"""The folder that Django's STATIC_ROOT names, by the lines of its settings, without running them
(docs.djangoproject.com/en/stable/ref/settings/#static-root). No I/O."""

import posixpath
import re

_QUOTED = re.compile(r"""["']([\w./@+-]{1,200})["']""")
_FORMS = (
    re.compile(r"""BASE_DIR((?:[ \t]*/[ \t]*["'][\w./@+-]{1,200}["']){1,4})"""),
    re.compile(r"""(?:os\.)?(?:path\.)?join\([ \t]*BASE_DIR[ \t]*,([^()\n]{1,200})\)"""),
    re.compile(r"""BASE_DIR\.joinpath\(([^()\n]{1,200})\)"""),
)
_VALUE = re.compile(r"STATIC_ROOT[ \t]*=[ \t]*(?P<value>[^#\n]{1,300})")
_STRING = re.compile(r"(?:str\()?(?P<value>.{1,280}?)\)?")
_BASE = re.compile(
    r"BASE_DIR[ \t]*=[ \t]*(?:Path\(__file__\)(?:\.resolve\([^)]{0,12}\)|\.absolute\(\))?"
    r"(?P<parents>(?:\.parent){1,6})(?:\.resolve\(\))?"
    r"|(?P<calls>(?:os\.path\.dirname\(){1,6})"
    r"(?:os\.path\.(?:abspath|realpath)\(__file__\)|__file__)\)+)[ \t]*(?:#.*)?"
)


def static_root(setting: str, base: str, file: str) -> str:
    """Return the folder, "" if its line is computed in another way. `file` is that of the settings,
    and `base` its line for BASE_DIR."""
    match = _VALUE.fullmatch(setting.strip())
    value = match["value"].strip() if match else ""
    if literal := _QUOTED.fullmatch(value):
        return _normal(literal[1]) if literal[1].startswith("/") else ""
    folder = _base_folder(base, file)
    stripped = _STRING.fullmatch(value) if value.startswith("str(") else None
    value = stripped["value"] if stripped else value
    for form in _FORMS:
        if folder and (root_match := form.fullmatch(value)):
            parts = _QUOTED.findall(root_match[1])
            rest = re.sub(r"[\s,/]", "", _QUOTED.sub("", root_match[1]))
            is_below = parts and not rest and not any(part.startswith("/") for part in parts)
            return _normal(posixpath.join(folder, *parts)) if is_below else ""
    return ""


def _base_folder(base: str, file: str) -> str:
    match = _BASE.fullmatch(base.strip())
    if match is None or not file.startswith("/"):
        return ""
    for _ in range((match["parents"] or "").count("parent") + (match["calls"] or "").count("(")):
        file = posixpath.dirname(file)
    return file if file.count("/") > 1 else ""


def _normal(path: str) -> str:
    folder = posixpath.normpath(path)
    return folder if folder.count("/") > 1 else ""
