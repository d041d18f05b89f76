"""The rules of an .htaccess lead all that is no file to the script of another folder, and the same
script lies in the folder of the .htaccess: the application was moved, or its rules were copied, and
RewriteBase and the substitution name the old folder (mod_rewrite, "RewriteBase"). So only the front
page works.
"""

import posixpath
from collections.abc import Iterator

from checks.server import pages_with_status, place_text, server_on_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.model.site_folders import FolderRules
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.folder_rules import ScriptRule, moved_lines, script_rule
from diagnose.parsers.nginx.edits import diff


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, FolderRules, Exchange],
    explains=[
        "server.page-missing",
        "server.own-answer",
        "server.request-logged",
        "server.script-not-found",
        "http.answer-says-why",
    ],
)
def apache_rules_of_other_folder(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = pages_with_status(evidence, 404)
    if view is None or view.server.product != "apache" or not pages:
        return
    is_read = any(site.reads_htaccess for site in view.answering_sites)
    modules = view.config.modules if view.config else ()
    if not is_read or (modules and "rewrite" not in modules):
        return
    for rules in evidence.good(FolderRules)[:1]:
        to_script = script_rule(rules.file.text, rules.file.path, rules.folder)
        if to_script is None or posixpath.dirname(to_script.script) == rules.folder:
            return
        own = Subject(port=target.port, path=target.path_without_query)
        yield Claim(
            about=own,
            covers=(own, Subject(port=target.port)),
            because=(rules, view.server, *pages),
            confidence=Confidence.LIKELY if rules.script_exists else Confidence.CERTAIN,
            facts={
                **view.facts,
                "url": pages[0].url,
                "file": rules.file.path,
                "place": place_text(rules.file.path, to_script.rule.line),
                "base_place": place_text(rules.file.path, to_script.base.line)
                if to_script.base
                else "",
                "base": to_script.base.args[0] if to_script.base else "",
                "script": rules.script,
                "missing": not rules.script_exists,
                "folder": f"{rules.folder.rstrip('/')}/",
                "own_script": rules.own_script,
            },
            fix=_fix(rules, to_script),
        )


def _fix(rules: FolderRules, to_script: ScriptRule) -> Fix:
    """An .htaccess counts at once."""
    changes, text = moved_lines(to_script, rules.file.text, rules.folder), rules.file.text
    lines = [changes.get(number, line) for number, line in enumerate(text.split("\n"), 1)]
    edit = diff(rules.file.path, text, "\n".join(lines)) if changes else ""
    if not edit:
        return Fix((Manual("own-folder", Where.SERVER),), Applicability.MANUAL)
    return Fix((Edit(rules.file.path, edit),), Applicability.REVIEW)
