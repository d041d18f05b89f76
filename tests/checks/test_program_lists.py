"""A remedy lists programs only where nobody knows which one answers.

A check that tells a setting "by its program" takes the program's own from `own_setting` (the facts
`known` and `setting`), or has a section for each program that it recognizes itself.
"""

import re
from pathlib import Path

import diagnose
from diagnose.checking.texts import read_page

CHECKS = Path(next(iter(diagnose.__path__))).parent / "checks"
#: Programs and frameworks whose settings the pages name.
NAMES = (
    "Django", "Laravel", "Symfony", "Rails", "Express", "Spring", "uvicorn", "gunicorn", "Flask",
    "Vite", "Next.js", "WordPress", "Grafana", "Nextcloud", "Keycloak", "Gitea", "GitLab",
    "webpack",
)  # fmt: skip
#: Sections of a program that is not known, and of one that is: each has a list or one program.
UNKNOWN = ("setting", "known", "program", "other")
#: Fewer are examples.
MIN_LIST = 3


def remedies(text: str) -> str:
    """Return what a page tells a person to do: its remedy and its steps."""
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return "\n".join(part for part in parts if re.match(r"(What to do|Steps|处理|步骤)", part))


def without_sections(line: str) -> str:
    """Return a line of a known program: without the sections of unknown ones, and without those of
    one program each."""
    for name in UNKNOWN:
        line = re.sub(rf"\{{\{{\^{name}\}}\}}.*?\{{\{{/{name}\}}\}}", "", line)
    line = re.sub(r"\{\{#other\}\}.*?\{\{/other\}\}", "", line)
    return re.sub(r"\{\{#(\w+)\}\}[^{}]*(?:\{\{\w+\}\}[^{}]*)*\{\{/\1\}\}", "", line)


def lists(text: str) -> list[str]:
    found = list[str]()
    for line in remedies(text).split("\n"):
        rest = without_sections(line)
        names = [name for name in NAMES if re.search(rf"\b{re.escape(name)}\b", rest)]
        if len(names) >= MIN_LIST:
            found.append(f"{names}: {rest[:200]}")
    return found


#: Pages where a list is right. The program sends no answer that could name it, or belongs to
#: another site; its lines are written for each framework anyway (`{{#in_spring}}`); or the words
#: are about what the web server is told for each of them.
NO_ANSWER = {
    "application_in_container", "container_unserved", "return_address_refused", "error_as_page",
    "file_beside_program", "not_served",
}  # fmt: skip
EACH_APART = {"cors_refused", "front_controller_missing"}
PAGES = sorted(path for path in CHECKS.rglob("*.md") if path.parent != CHECKS)


def test_a_known_program_gets_no_list_of_others() -> None:
    found = {path.name: known for path in PAGES if (known := lists(read_page(path)))}
    exempt = NO_ANSWER | EACH_APART
    assert {name for name in found if name.partition(".")[0] not in exempt} == set()
    assert exempt == {name.partition(".")[0] for name in found}
