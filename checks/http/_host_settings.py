"""The application's own setting for the host names that it answers for."""

from collections.abc import Iterable

from diagnose.model import Evidence


def host_setting_facts(evidence: Evidence, bodies: Iterable[str]) -> dict[str, object]:
    """Return the facts about the setting that lacks the target's name: `program`, `file` and `line`
    by the words of a refusal, and `known` and `setting` of an application that is known otherwise;
    all "" where nothing tells."""
    # Imported late: most sites refuse no name.
    from checks.http._known_application import own_setting
    from diagnose.parsers.refused_hosts import host_setting

    settings = (host_setting(body, evidence.target.host) for body in bodies)
    setting = next(filter(None, settings), None)
    known = own_setting(evidence, "allowed_host")
    return {
        "program": setting.program if setting else "",
        "file": setting.file if setting else "",
        "line": setting.line if setting else "",
        "known": "" if setting else known["known"],
        "setting": "" if setting else known["setting"],
    }
