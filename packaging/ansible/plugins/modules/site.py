#!/usr/bin/python
"""Ansible's module `diagnose_https.diagnose.site`, for Python 3.8 and later."""

from __future__ import annotations

import json

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: site
short_description: Diagnose an HTTPS or WebSocket site, and mend it if asked
description:
  - Runs C(diagnose --json) on the managed host. The task fails if the site is broken.
  - Nothing is changed unless O(fix=true). Then C(diagnose fix --yes) applies the remedy of the
    root cause if it is automatic, looks again, and takes it back if it did not help.
author:
  - the authors of diagnose (@diagnose-https)
options:
  target:
    description: Name, C(name:port), URL or address of the site.
    type: str
    required: true
  websockets:
    description: Paths of WebSockets to judge as well.
    type: list
    elements: str
    default: []
  arguments:
    description: More options of C(diagnose), each word an element.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds for one look.
    type: int
    default: 15
  fail_on:
    description: The state from which on the task fails.
    type: str
    choices: [warning, critical, never]
    default: critical
  fix:
    description: Apply automatic remedies. It needs root on the server (C(become=true)).
    type: bool
    default: false
  executable:
    description: The program, if it is not on the path.
    type: str
    default: diagnose
attributes:
  check_mode:
    support: full
    description: The remedy's commands are returned and not run.
"""

EXAMPLES = r"""
- name: The site works, seen from outside
  diagnose_https.diagnose.site:
    target: https://shop.example.com/
    websockets: [/ws]
  delegate_to: localhost

- name: Put right what may be put right without a person
  diagnose_https.diagnose.site:
    target: shop.example.com
    fix: true
  become: true
"""

RETURN = r"""
status:
  description: V(ok), V(warning), V(critical) or V(unknown), after the remedy if there was one.
  type: str
  returned: always
summary:
  description: What is wrong, in one sentence.
  type: str
  returned: always
commands:
  description: The commands of automatic remedies that were run, or in check mode would be.
  type: list
  elements: str
  returned: if O(fix=true)
report:
  description: The document of C(diagnose --json). C(diagnose --schema) describes it.
  type: dict
  returned: always
"""

#: The states at which each value of `fail_on` fails. What could not be judged is not well.
FAILURES = {
    "never": (),
    "critical": ("critical", "unknown"),
    "warning": ("warning", "critical", "unknown"),
}

#: Exit statuses of diagnose that come with a report: ok, warning, critical, unknown.
JUDGED = (0, 1, 2, 3)


def look_argv(params):
    """Return the command that looks and changes nothing."""
    return [params["executable"], "--json", *_options(params)]


def fix_argv(params):
    """Return the command that applies the remedy."""
    return [params["executable"], "fix", "--yes", *_options(params)]


def _options(params):
    paths = ["--ws=" + path for path in params["websockets"]]
    timeout = f"--timeout={params['timeout']}"
    return [*paths, timeout, *params["arguments"], "--", params["target"]]


def automatic_causes(report):
    """Return the root causes that diagnose may put right without a person."""
    return [
        finding
        for finding in report.get("findings", [])
        if finding.get("root_cause")
        and (finding.get("remedy") or {}).get("applicability") == "automatic"
    ]


def commands_of(causes):
    """Return the shown commands of their remedies."""
    steps = [step for cause in causes for step in cause["remedy"].get("steps", [])]
    return [step["shell"] for step in steps if "shell" in step]


def identities(causes):
    """Return what names a cause in one report and in the next."""
    return {(cause.get("check"), cause.get("about")) for cause in causes}


def look(module):
    """Run diagnose and return its report. End the module if there is none."""
    status, stdout, stderr = module.run_command(look_argv(module.params))
    try:
        report = json.loads(stdout)
    except ValueError:
        report = None
    if status not in JUDGED or not isinstance(report, dict):
        module.fail_json(msg=f"diagnose did not judge: {stderr.strip() or stdout[:500]}", rc=status)
    return report


def fix(module, result):
    """Apply the automatic remedies, or in check mode name them. Update the result."""
    causes = automatic_causes(result["report"])
    result["commands"] = commands_of(causes)
    if module.check_mode or not causes:
        result["changed"] = bool(causes)
        return
    status, stdout, stderr = module.run_command(fix_argv(module.params))
    if status not in JUDGED:
        result["changed"] = True  # what it did before it ended is not known
        module.fail_json(msg=f"diagnose fix ended with {status}: {stderr or stdout}", **result)
    result["report"] = look(module)
    result["changed"] = bool(identities(causes) - identities(automatic_causes(result["report"])))


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "target": {"type": "str", "required": True},
            "websockets": {"type": "list", "elements": "str", "default": []},
            "arguments": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 15},
            "fail_on": {
                "type": "str",
                "choices": ["warning", "critical", "never"],
                "default": "critical",
            },
            "fix": {"type": "bool", "default": False},
            "executable": {"type": "str", "default": "diagnose"},
        },
        supports_check_mode=True,
    )
    result = {"changed": False, "report": look(module)}
    if module.params["fix"]:
        fix(module, result)
    verdict = result["report"]["verdict"]
    result.update(status=verdict["status"], summary=verdict["summary"])
    will_be_mended = module.check_mode and result["changed"]
    if verdict["status"] in FAILURES[module.params["fail_on"]] and not will_be_mended:
        module.fail_json(msg=verdict["summary"], **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
