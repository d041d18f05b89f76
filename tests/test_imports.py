"""What is imported when: start-up is paid at every call of a monitoring system.

Modules are counted, not milliseconds: a count does not depend on the machine's mood.
"""

import json
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

from tests.support import x509_writer

ROOT = Path(__file__).parent.parent

#: The modules that newer interpreters import beyond those of Python 3.11.
NEWER = 11 if sys.version_info >= (3, 14) else 1 if sys.version_info >= (3, 12) else 0

_RUN = """
import json, sys
sys.argv = {argv!r}
from diagnose.cli import main
import contextlib, io
with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
    {work}
sys.stdout.write(json.dumps(sorted(sys.modules)))
"""


def modules(*words: str) -> set[str]:
    """The modules that a run of the command line has imported at its end."""
    work = f"main.main({list(words)!r})"
    return _modules(_RUN.format(argv=["diagnose"], work=work))


def _modules(code: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"LANG": "C.UTF-8"},
    )
    return set(json.loads(result.stdout))


def test_the_version_is_answered_before_anything_is_imported() -> None:
    code = """
import io, json
sys.argv = ["diagnose", "--version"]
before = set(sys.modules)
real, sys.stdout = sys.stdout, io.StringIO()
from diagnose.__main__ import main
main()
sys.stdout = real
sys.stdout.write(json.dumps(sorted(set(sys.modules) - before)))
"""
    assert _modules(code) == {"diagnose", "diagnose.__main__", "diagnose._version"}


def test_json_imports_nothing_that_only_people_and_failures_need() -> None:
    seen = modules("--json", "--outside", "127.0.0.1:1")
    never = {
        "aiohttp",
        "boto3",
        "diagnose.cloud",
        "diagnose.exporter",
        "diagnose.fleet.jetstream",
        "diagnose.model.cloud",
        "diagnose.probes.cloud_rules",
        "dns.asyncresolver",
        "importlib.metadata",
        "msgspec",
        "nats",
        "psutil",
        "rich",
        "textual",
        "trustme",
        "websockets.asyncio.client",
    }
    assert never & seen == set()
    people = {"wcwidth", "diagnose.outputs.text"}
    assert people & seen == set()
    assert {name for name in seen if name.startswith("diagnose.probes.inside.")} <= {
        "diagnose.probes.inside.server_detection"
    }


def test_a_healthy_site_imports_no_client_and_no_rules_of_firewalls() -> None:
    """From a recording: its probes and the checks that judge it."""
    recording = str(ROOT / "tests/recordings/healthy-outside.ndjson")
    seen = _modules(f"""
import importlib, json, pathlib, sys
from diagnose import probes
from diagnose.checking.conclusion import conclude
from diagnose.recording.codec import decode
for name in probes.OUTSIDE:
    importlib.import_module(f"diagnose.probes.outside.{{name}}")
assert conclude(decode(pathlib.Path({recording!r}).read_text()).evidence).crashes == ()
sys.stdout.write(json.dumps(sorted(sys.modules)))
""")
    assert "diagnose.net.http" in seen
    never = ("httpx", "diagnose.cloud", "diagnose.probes.outside.cloud",
             "diagnose.parsers.netfilter", "diagnose.parsers.firewalld",
             # What a finding needs, and what a pasted message does.
             "checks.certificate.renewed_elsewhere", "checks.nginx._inner_blocks",
             "checks.http._forwarded_scheme", "diagnose.checking.port_holder",
             "diagnose.parsers.nginx.proxied_request", "difflib", "html", "secrets")  # fmt: skip
    assert {name for name in seen if name.startswith(never)} == set()
    ours = {name for name in seen if name.partition(".")[0] in {"diagnose", "checks"}}
    assert len(ours) <= 256, sorted(ours)


def test_an_ordinary_certificate_needs_no_large_library() -> None:
    der = x509_writer.leaf()
    seen = _modules(f"""
import json, sys
from diagnose.parsers.x509 import parse_chain
assert parse_chain(({der!r},))[0].key_bits == 256
sys.stdout.write(json.dumps(sorted(sys.modules)))
""")
    assert {"cryptography", "dns"} & seen == set()


def test_json_on_a_refused_port_keeps_its_budget_of_modules() -> None:
    foreign = {
        name
        for name in modules("--json", "--outside", "127.0.0.1:1")
        if name.partition(".")[0] not in {"diagnose", "checks"}
    }
    assert len(foreign) <= 178 + NEWER, sorted(foreign)


def test_the_screen_needs_nothing_that_applies_a_fix() -> None:
    seen = _modules("""
import json, sys
import diagnose.tui.app
sys.stdout.write(json.dumps(sorted(sys.modules)))
""")
    never = ("msgspec", "zipfile", "diagnose.fixing.apply", "diagnose.machine.ssh",
             "diagnose.parsers.netfilter", "diagnose.engine",
             # What is shown on request.
             "diagnose.outputs.document", "diagnose.tui.dialog_text", "diagnose.tui.screens.choice",
             "diagnose.tui.screens.fix", "diagnose.tui.screens.start")  # fmt: skip
    assert {name for name in seen if name.startswith(never)} == set()


def test_help_and_mistakes_start_no_engine() -> None:
    for words in (["--help"], ["ftp://x"], ["list"]):
        assert "diagnose.engine" not in modules(*words)
    assert len(modules("--help")) <= 132 + NEWER


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Types apart, which are imported for the type checker alone."""
    graph = grimp.build_graph("diagnose", "checks", exclude_type_checking_imports=True)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle
