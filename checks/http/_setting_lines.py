"""The line of the application's own settings that has an address which is wrong for visitors."""

from diagnose.model import Evidence
from diagnose.model.applications import SettingLine
from diagnose.parsers.urls import parse_url


def setting_facts(evidence: Evidence, url: str, origin: str = "") -> dict[str, object]:
    """Return the facts about the last line that has the host and port of an address (`url`), or
    the name of an origin itself where it is refused: its text and place, the line as it should be
    with this origin or the target's, and what runs the program. All "" without such a line."""
    parsed = parse_url(url)
    names = {f"//{parsed.authority}", f"={parsed.authority}"} if parsed else set()
    if origin and parsed:
        names = {parsed.host}
    lines = [line for line in evidence.good(SettingLine) if line.address in names]
    if not lines:
        return dict.fromkeys(("own_line", "own_place", "own_new", "own_unit", "own_container"), "")
    # Imported late: few applications have such a line.
    from diagnose.parsers.setting_lines import corrected

    line = _in_file(lines)
    return {
        "own_line": line.text,
        "own_place": line.place,
        "own_new": corrected(line.text, line.address, origin or evidence.target.origin),
        "own_unit": line.unit,
        "own_container": line.container,
    }


def _in_file(lines: list[SettingLine]) -> SettingLine:
    """Return the last line; in the place of a container's variable the line of the file that sets
    it, such as that of its compose file."""
    last = lines[-1]
    same = (line for line in lines if line.file and not last.file and last.text in line.text)
    return next(same, last)
