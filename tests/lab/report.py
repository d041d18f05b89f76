"""A `--json` report, read as contract.md promises it."""

import contextlib
import json
import subprocess
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import traefik
from .hosts import until
from .lab import Lab

EDIT = ["patch", "--batch", "--forward", "--reject-file=-"]


@dataclass(frozen=True, slots=True)
class Report:
    side: str
    document: dict[str, Any]

    @classmethod
    def of(cls, side: str, done: subprocess.CompletedProcess[str]) -> "Report":
        try:
            return cls(side, json.loads(done.stdout))
        except ValueError:
            said = f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            raise AssertionError(f"{side}: no JSON, status {done.returncode}\n{said}") from None

    @property
    def findings(self) -> list[dict[str, Any]]:
        return list(self.document["findings"])

    @property
    def status(self) -> str:
        return str(self.document["verdict"]["status"])

    @property
    def causes(self) -> list[str]:
        """The checks of the root causes, the most important first, notes left out."""
        by_id = {finding["id"]: finding for finding in self.findings}
        named = [by_id[ident] for ident in self.document["verdict"]["root_causes"]]
        return [finding["check"] for finding in named if finding["severity"] != "note"]

    @property
    def complaints(self) -> list[str]:
        return [found["check"] for found in self.findings if found["severity"] != "note"]

    def __str__(self) -> str:
        verdict = self.document["verdict"]
        lines = [f"{self.side}: {verdict['status']}: {verdict['summary']}"]
        for found in self.findings:
            mark = "*" if found["root_cause"] else " "
            why = f" <- {found['explained_by']}" if found.get("explained_by") else ""
            lines.append(
                f"  {mark} {found['id']} {found['severity']:7} {found['check']}"
                f" [{found['confidence']}] {found['about']}: {found['title']}{why}"
            )
        lines += [f"  unknown: {item['what']}: {item['why']}" for item in self.document["unknown"]]
        lines += [f"  error: {error}" for error in self.document["errors"]]
        return "\n".join(lines)

    # The remedy

    @property
    def automatic(self) -> bool:
        """Whether a program may carry out the first root cause's remedy."""
        first = self.document["verdict"]["root_causes"][0]
        remedy = next(found for found in self.findings if found["id"] == first).get("remedy")
        return remedy is not None and remedy["applicability"] == "automatic"

    def steps(self) -> list[dict[str, Any]]:
        """Those of the first root cause. Where it is a question, those of the last answer: that
        everybody is to get in."""
        steps = self._steps()
        if all(step["kind"] == "manual" for step in steps):
            answers = [step["commands"] for step in steps if step.get("commands")]
            return answers[-1] if answers else steps
        return steps

    def narrow(self, visitor: str) -> list[dict[str, Any]]:
        """Those of the first answer, for this visitor."""
        steps = self._steps()
        typed = [step for step in steps if step["kind"] != "manual"]
        chosen = typed or next(step["commands"] for step in steps if step.get("commands"))
        return [{**one, "shell": one["shell"].replace("ADDRESS", visitor)} for one in chosen]

    def _steps(self) -> list[dict[str, Any]]:
        first = self.document["verdict"]["root_causes"][0]
        remedy = next(found for found in self.findings if found["id"] == first).get("remedy")
        return list(remedy["steps"]) if remedy else []


def active_workers(lab: Lab) -> set[int]:
    """nginx's workers that accept connections: one that is shutting down says so in its title.
    Until they have read that they are to go, old ones answer beside the new."""
    found = set()
    for pid in lab.server.pids("nginx"):
        with contextlib.suppress(OSError):
            title = lab.server.path(f"/proc/{pid}/cmdline").read_bytes()
            if b"worker process" in title and b"shutting down" not in title:
                found.add(pid)
    return found


def gone(lab: Lab, workers: set[int]) -> bool:
    return not workers & active_workers(lab)


def reloaded(lab: Lab, old: dict[int, set[int]]) -> bool:
    """Whether all workers have gone of one of the masters, by whose number they are: the nginx in a
    container is another than the server's."""
    return any(gone(lab, workers) for workers in old.values())


def workers_of_masters(lab: Lab) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for pid in active_workers(lab):
        with contextlib.suppress(OSError):
            stat = lab.server.path(f"/proc/{pid}/stat").read_text()
            found.setdefault(int(stat.rpartition(")")[2].split()[1]), set()).add(pid)
    return found


def carry_out(lab: Lab, steps: list[dict[str, Any]]) -> str:
    """Each step to the letter, on the host that it names; what was done, and what it said."""
    log = []
    for step in steps:
        if step["kind"] == "manual":
            log.append(f"(manual, left alone) {step.get('text', '')}")
            continue
        host = lab.client if step["where"] == "client" else lab.server
        if step["kind"] == "edit":
            taken = traefik.log_text(lab)
            done = host.run([*EDIT, step["path"]], input=step["diff"], exact=True)
            traefik.await_file(lab, step["path"], taken)
            log.append(f"patch {step['path']}\n{step['diff']}")
        else:
            old = workers_of_masters(lab)
            done = host.run(["sh", "-c", step["shell"]], exact=True)
            if "reload" in step["shell"] and "nginx" in step["shell"] and done.returncode == 0:
                until(partial(reloaded, lab, old), "the reload is over")
            log.append(f"$ {step['shell']}")
        log.append(f"= {done.returncode} {done.stdout}{done.stderr}".rstrip())
    return "\n".join(log)
