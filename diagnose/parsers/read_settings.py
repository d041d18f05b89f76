"""The value of one setting of an application that is in force, and the edit that makes it right:
of its arguments, its environment and its files, which one wins. No I/O."""

import posixpath
import re
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.applications import OwnConfiguration, OwnSetting, ReadSetting
from diagnose.model.frozen import frozen
from diagnose.parsers.compose_env_files import in_env_file
from diagnose.parsers.compose_variables import variable_of, with_variable
from diagnose.parsers.misspelt_keys import misspelt_key
from diagnose.parsers.nginx.edits import TextEdit, apply_edits
from diagnose.parsers.program_place import ProgramPlace, argument_value
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.secrets import REVEALING, may_hold_secret
from diagnose.parsers.setting_edits import with_entry, with_value
from diagnose.parsers.setting_fit import filled, right_value
from diagnose.parsers.setting_values import Format, SettingValue, setting_value
from diagnose.parsers.unit_variables import (
    UnitEdit,
    with_new_argument,
    with_unit_argument,
    with_unit_variable,
    with_variable_argument,
)

#: Most characters of the lines of a value: a longer one gets no edit.
MAX_LINES = 1500
#: Seconds by which a file has to be newer than the process.
SLACK = 2
_OWN_UNITS = "/etc/systemd/system/"
_LISTS = frozenset({"host-list", "proxy-list", "origin-list"})
#: What is never shown of a value: credentials of an address.
_USER = re.compile(r"(?<=://)[^/@\s]{1,200}@")


@frozen
class FileText:
    """A file as the program sees it, its path on the server ("" if it is in an image), its text,
    and when it was changed."""

    path: str
    host_path: str
    text: str
    changed: float = 0.0


def read_setting(
    configuration: OwnConfiguration, application: str, setting: OwnSetting, place: ProgramPlace,
    files: tuple[FileText, ...], unit_files: tuple[FileText, ...],
    target: Target, proxy: str, folder: str,
) -> ReadSetting | None:  # fmt: skip
    """Return the setting as it is in force; None if nothing that was read could have it."""
    bare = _bare(configuration, application, setting, place, proxy, folder)
    change = _Change(setting, target, proxy, folder)
    in_file = _of_files(bare, configuration, files, change) if setting.key else None
    if in_file is not None and configuration.file_wins and in_file.source == "file":
        return in_file
    argument = argument_value(place.words, setting.argument) if setting.argument else None
    if argument is not None:
        read = _outside(bare, setting.argument, "argument", argument, change)
        return read if place.container else _in_own_unit(read, unit_files, argument)
    if setting.variable in place.variables:
        value = place.variables[setting.variable]
        read = _outside(bare, setting.variable, "variable", value, change)
        if place.container:
            return in_compose(read, place, unit_files)
        return _in_unit(read, setting, unit_files, change)
    is_in_image = place.container and setting.variable and not any(f.host_path for f in files)
    if in_file is not None and not is_in_image and not _is_for_unit(in_file, setting, place):
        return replace(in_file, stale=_is_stale(in_file, place, files))
    # Where no file was found, one that was not looked for may have it. A container mostly has its
    # settings in its environment, and a change of a file of its image is lost.
    is_beside = in_file is not None and not place.container
    if (setting.key and not (is_in_image or is_beside)) or not (place.pid or place.container):
        return None
    key = setting.variable or setting.argument
    read = replace(bare, key=key, wanted=change.value(""))
    if in_file is not None and in_file.source == "file":
        read = replace(in_file, key=key, source="variable", wanted=read.wanted, line="", new="")
        read = replace(read, file="", number=0, misspelt="")
    if setting.variable:
        return in_compose(read, place, unit_files)
    return read if place.container else _with_argument(read, unit_files)


def _is_for_unit(in_file: ReadSetting, setting: OwnSetting, place: ProgramPlace) -> bool:
    """Return whether a setting that the file lacks, and for which no line is known, is better set
    by the environment of the program's service."""
    is_lacking = in_file.source == "nowhere" and not in_file.new
    return is_lacking and bool(setting.variable and place.unit) and not setting.of_image


def _with_argument(read: ReadSetting, unit_files: tuple[FileText, ...]) -> ReadSetting:
    """Return it with the line to which the program's service gets the option: the command of an
    administrator's unit, or the variable of a file of the environment that its command ends in."""
    files = unit_files if read.unit and read.wanted else ()
    for file in reversed(files):
        edit = with_new_argument(file.text, read.key, read.wanted)
        if edit is None:
            continue
        if isinstance(edit, str):
            return _in_environment(read, files, edit)
        if file.path.startswith(_OWN_UNITS) and _may_be_shown(edit, read.key):
            return replace(read, file=file.path, number=edit.number, line=edit.line, new=edit.new)
        break
    return read


def _in_environment(read: ReadSetting, files: tuple[FileText, ...], name: str) -> ReadSetting:
    for file in reversed(files):
        edit = with_variable_argument(file.text, name, f"{read.key}={read.wanted}")
        if edit is not None and not file.path.endswith((".service", ".conf")):
            if not _may_be_shown(edit, name):
                return read
            return replace(read, file=file.path, number=edit.number, line=edit.line, new=edit.new)
    return read


def unread_setting(
    configuration: OwnConfiguration, application: str, setting: OwnSetting, place: ProgramPlace,
    target: Target, proxy: str, folder: str,
) -> ReadSetting:  # fmt: skip
    """Return the setting of a running program of which no file was found, with what is right."""
    bare = _bare(configuration, application, setting, place, proxy, folder)
    # A variable wins against a file that was not found.
    is_variable = bool(setting.variable) and (
        bool(place.container)
        or (bool(place.unit) and not configuration.file_wins and not setting.of_image)
    )
    return replace(
        bare, source="unread", key=setting.variable if is_variable else bare.key,
        wanted=_Change(setting, target, proxy, folder).value(""),
    )  # fmt: skip


def _bare(
    configuration: OwnConfiguration, application: str, setting: OwnSetting, place: ProgramPlace,
    proxy: str, folder: str,
) -> ReadSetting:  # fmt: skip
    return ReadSetting(
        application=application, topic=setting.topic,
        key=setting.key or setting.variable or setting.argument, source="nowhere",
        proxy=proxy, folder=folder, process=place.process, unit=place.unit,
        container=place.container, engine=place.engine, compose=place.compose.partition(",")[0],
        service=place.service, load=configuration.load, needs_restart=configuration.needs_restart,
        starter=place.starter,
    )  # fmt: skip


def _is_stale(read: ReadSetting, place: ProgramPlace, files: tuple[FileText, ...]) -> bool:
    """Return whether the file was changed after the program began, which reads it then."""
    is_known = read.source == "file" and read.needs_restart and not read.load
    newest = max((file.changed for file in files), default=0.0)
    return is_known and place.started > 0 and newest > place.started + SLACK


@frozen
class _Change:
    setting: OwnSetting
    target: Target
    proxy: str
    folder: str

    def value(self, old: str) -> str:
        return right_value(self.setting, old, self.target, self.proxy, self.folder)

    def lines(self) -> str:
        return filled(self.setting.add, self.target, self.proxy, self.folder)

    def edited(self, text: str, form: Format, key: str, value: SettingValue) -> str:
        """Return the text with the value that is right, "" if that cannot be done."""
        wanted = self.value(value.values[0] if value.values else "")
        if not wanted:
            return ""
        if self.setting.means in _LISTS:
            return with_entry(text, form, key, wanted, self.setting.separator)
        return with_value(text, form, key, wanted)


def _outside(bare: ReadSetting, key: str, source: str, value: str, change: _Change) -> ReadSetting:
    shown = clean(_USER.sub("", value), 300)
    parts: tuple[str, ...] = (shown,)
    if change.setting.means in _LISTS:
        pieces = re.split(rf"[{re.escape(change.setting.separator)}\s]+", shown.strip("[]"))
        parts = tuple(part.strip("\"'") for part in pieces if part)[:64]
    is_variable = source == "variable"
    wanted = change.value(value)
    if change.setting.means in _LISTS and wanted and shown:
        wanted = f"{shown}{change.setting.separator}{wanted}"
    return replace(
        bare, key=key, source="variable" if is_variable else "argument",
        values=tuple(part for part in parts if part), wanted=wanted,
    )  # fmt: skip


def in_compose(read: ReadSetting, place: ProgramPlace, files: tuple[FileText, ...]) -> ReadSetting:
    """Return it with the line of the compose file that sets the variable, or that is new there. Of
    several compose files the last one that has it counts, so that none is edited."""
    file = next((each for each in files if each.path == place.compose), None)
    if file is None or not place.service or not read.wanted:
        return read
    own = variable_of(file.text, place.service, read.key)
    names = ("-p", place.project) if place.project != _usual_project(file.path) else ()
    words = (place.engine, "compose", *names, "-f", file.path, "up", "-d", place.service)
    if own is None and read.source == "variable" and "env_file" in file.text:
        return in_env_file(read, place.service, {each.path: each.text for each in files}, words)
    if own == read.wanted and read.source == "variable" and own in read.values:
        return replace(read, file=file.path)
    if own == read.wanted:
        # The container was made before, or was only restarted: it keeps its environment.
        return replace(
            read, source="variable", file=file.path, values=tuple(own.split(",")), stale=True,
            load=words,
        )  # fmt: skip
    after = with_variable(file.text, place.service, read.key, read.wanted)
    old, new = file.text.split("\n"), after.split("\n")
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    added = len(new) - len(old)
    # Other lines of the file are never shown, nor another variable of the same line.
    if not after or added < 0 or not is_plain("\n".join(new[same : same + added + 1])):
        return read
    if not added and REVEALING.search(old[same].replace(read.key, "")):
        return read
    if added:
        return replace(
            read, file=file.path, number=same, new="\n".join(new[same : same + added]),
            added=True, load=words,
        )  # fmt: skip
    return replace(
        read, file=file.path, number=same + 1, line=old[same], new=new[same], load=words,
        unended=same == len(old) - 1,
    )  # fmt: skip


def _usual_project(path: str) -> str:
    folder = posixpath.basename(posixpath.dirname(path)).lower()
    return re.sub(r"[^a-z0-9_-]", "", folder)


def _in_unit(
    read: ReadSetting, setting: OwnSetting, unit_files: tuple[FileText, ...], change: _Change
) -> ReadSetting:
    """Return it with the line of the unit's environment file that sets the variable."""
    for file in reversed(unit_files):
        value = setting_value(file.text, "env", setting.variable)
        if value is not None:
            after = change.edited(file.text, "env", setting.variable, value)
            return _at_line(read, file, value, after)
    return _in_own_unit(read, unit_files, "")


def _in_own_unit(read: ReadSetting, unit_files: tuple[FileText, ...], argument: str) -> ReadSetting:
    """Return it with the line of an administrator's unit that has the variable ("Environment=") or
    the argument with this value (systemd.exec(5), systemd.service(5))."""
    for file in reversed(unit_files if read.wanted else ()):
        if not file.path.startswith(_OWN_UNITS):
            continue
        edit = (
            with_unit_variable(file.text, read.key, read.wanted, is_new=False)
            if read.source == "variable"
            else with_unit_argument(file.text, read.key, argument, read.wanted)
        )
        if edit is not None and _may_be_shown(edit, read.key):
            return replace(read, file=file.path, number=edit.number, line=edit.line, new=edit.new)
    return read


def _may_be_shown(edit: UnitEdit, name: str) -> bool:
    """Return whether a unit's line has nothing besides the setting that may be a secret."""
    is_secret = may_hold_secret(edit.line.replace(name, ""))
    return not is_secret and is_plain(f"{edit.line}\n{edit.new}")


def _of_files(
    bare: ReadSetting, configuration: OwnConfiguration, files: tuple[FileText, ...], change: _Change
) -> ReadSetting | None:
    """Return the value of the last file that has it, or that none has it."""
    form, key = _format(configuration.format), change.setting.key
    for file in reversed(files):
        setting_text = setting_value(file.text, form, key)
        if setting_text is None:
            continue
        values = tuple(clean(_USER.sub("", value), 200) for value in setting_text.values)
        read = replace(
            bare, source="file", values=values if setting_text.is_literal else (),
            wanted=change.value(setting_text.values[0] if setting_text.values else ""),
            unsure=not setting_text.is_literal,
        )  # fmt: skip
        return _at_line(read, file, setting_text, change.edited(file.text, form, key, setting_text))
    if not files:
        return None
    for file in reversed(files):
        wrong = misspelt_key(file.text, form, key)
        if wrong is not None:
            return _renamed(bare, file, key, *wrong)
    return _added(bare, configuration, files[0], change)


def _renamed(
    bare: ReadSetting, file: FileText, key: str, name: str, line_value: SettingValue
) -> ReadSetting:
    """Return the value that stands behind a name that the application does not know."""
    values = tuple(clean(_USER.sub("", value), 200) for value in line_value.values)
    right = key.rpartition(".")[2]
    read = replace(bare, source="file", values=values, misspelt=name, wanted=right)
    at = file.text.rfind(name, 0, line_value.start)
    if at < 0 or "\n" in file.text[at : line_value.start]:
        return _at_line(read, file, line_value, "")
    after = apply_edits(file.text, TextEdit(at, at + len(name), right))
    return _at_line(read, file, line_value, after)


def _format(name: str) -> Format:
    forms: dict[str, Format] = {
        "env": "env", "ini": "ini", "yaml": "yaml", "xml": "xml", "php-array": "php-array",
        "php": "php", "php-define": "php-define", "python": "python", "ruby": "ruby", "js": "js",
    }  # fmt: skip
    return forms.get(name, "env")


def _at_line(read: ReadSetting, file: FileText, value: SettingValue, after: str) -> ReadSetting:
    """Return it with the lines of its value, and those that are right."""
    text, start, stop = file.text, value.start, max(value.start, value.stop)
    first, last = text.count("\n", 0, start), text.count("\n", 0, stop)
    lines = text.split("\n")
    read = replace(read, file=file.host_path or file.path, number=first + 1)
    old = "\n".join(lines[first : last + 1])
    before, behind = text[:start].rpartition("\n")[2], text[stop:].partition("\n")[0]
    name = read.misspelt or read.key.rpartition(".")[2]
    if REVEALING.search(f"{before} {behind}".replace(name, "")):
        return read
    if not after or not file.host_path or len(old) > MAX_LINES:
        return replace(read, line=_shown_line(lines[first]))
    more = len(after.split("\n")) - len(lines)
    new = "\n".join(after.split("\n")[first : last + 1 + more])
    # The file's last line mostly ends, and then an empty text follows it.
    is_unended = last == len(lines) - 1
    return replace(read, line=old, new=new, unended=is_unended) if is_plain(old + new) else read


def _added(
    bare: ReadSetting, configuration: OwnConfiguration, file: FileText, change: _Change
) -> ReadSetting:
    """Return that the file has no such setting, with the lines that add it."""
    read = replace(
        bare, file=file.host_path or file.path, wanted=change.value(""),
    )  # fmt: skip
    lines, new = file.text.split("\n"), change.lines().rstrip("\n")
    head = re.match(r"[^\s:=]{1,60}(?=:(?:\n|\s*$))", new.split("\n")[0])
    if not new or not file.host_path:
        return read
    if head is not None and configuration.format == "yaml":
        at = next((n for n, line in enumerate(lines) if line.startswith(f"{head[0]}:")), None)
        if at is not None:
            return _below(read, lines, at, new)
    if configuration.after:
        after = configuration.after
        at = next((n for n, line in enumerate(lines) if line.lstrip().startswith(after)), None)
        return read if at is None else replace(read, number=at + 1, new=new, added=True)
    # The last line of a file mostly ends, and then an empty text follows it.
    if lines[-1]:
        return read
    return replace(read, number=len(lines) - 1, new=new, added=True)


def _below(read: ReadSetting, lines: list[str], at: int, new: str) -> ReadSetting:
    """Return it with what has to stand in a block that is there; without an edit where a part of it
    is there already, or where the block is written otherwise."""
    if not re.fullmatch(r"[\w.-]{1,60}:\s*", lines[at]):
        return read
    body, inner = list[str](), lines[at + 1 :]
    for line in inner:
        if line.strip() and not line.startswith((" ", "\t", "#")):
            break
        body.append(line)
    first = next((line for line in body if line.strip() and line.lstrip()[0] != "#"), "  x")
    indent = first[: len(first) - len(first.lstrip())]
    kept = list[str]()
    for line in new.split("\n")[1:]:
        name = line.strip().partition(":")[0]
        if ":" in line and any(each.strip().startswith(f"{name}:") for each in body):
            continue
        kept.append(indent + line[2:])
    return replace(read, number=at + 1, new="\n".join(kept), added=True) if kept else read


def _shown_line(line: str) -> str:
    return clean(_USER.sub("", line.strip()), 200)


def is_plain(text: str) -> bool:
    """Return whether lines can be shown and written again as they are."""
    return not _USER.search(text) and not UNSAFE.search(re.sub(r"[\n\t]", "", text))
