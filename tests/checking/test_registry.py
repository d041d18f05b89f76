"""What holds for every check, whoever adds it.

Such a test goes through all checks itself: each is looked at in less time than a test of its own
would take. What it says names the checks that fail."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.checking import registry
from diagnose.checking.root_cause import explains
from diagnose.checking.texts import check_text, text_path
from diagnose.i18n import LANGUAGES
from diagnose.model import LAYERS
from diagnose.model.http import Exchange
from diagnose.model.tls import NameTrials
from tests.support import check_index
from tests.support.check_evidence import REFUSED
from tests.support.tcp_evidence import attempt
from tests.support.tls_evidence import RESET, shake

TESTS = Path(__file__).parents[1] / "checks"
IDS = registry.check_ids()
#: Checks whose Chinese page is still to be written.
UNTRANSLATED = set((TESTS.parent / "untranslated.txt").read_text("utf-8").split())
TRANSLATED = [check_id for check_id in IDS if check_id not in UNTRANSLATED]


def test_a_check_bears_the_name_of_its_file_and_of_its_function() -> None:
    for check_id in IDS:
        check = registry.load_check(check_id)
        assert check.id == check_id
        assert check.layer in LAYERS, check_id
        assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*", check_id)
        assert check.judge.__name__ == check_id.partition(".")[2].replace("-", "_")


def test_the_index_says_what_each_check_needs() -> None:
    assert check_index.is_current(), check_index.OUT_OF_DATE
    for check_id, names in registry.indexed_needs().items():
        assert names == set(registry.index_entry(registry.load_check(check_id))) != set()


@pytest.fixture
def use_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Put this text in place of the index."""

    def replace_index(text: str) -> None:
        (tmp_path / "index.json").write_text(text, "utf-8")
        monkeypatch.setattr(registry, "INDEX", tmp_path / "index.json")
        registry.indexed_needs.cache_clear()
        registry._runnable_ids.cache_clear()

    yield replace_index
    registry.indexed_needs.cache_clear()
    registry._runnable_ids.cache_clear()


def test_a_check_runs_only_on_the_kinds_that_it_needs() -> None:
    runnable = registry.runnable_ids([attempt(failure=REFUSED)])
    assert "tcp.refused" in runnable
    assert "nginx.not-running" not in runnable


def test_a_check_that_needs_a_fault_does_not_run_without_one() -> None:
    assert "tcp.refused" not in registry.runnable_ids([attempt()])
    good, refused = shake(), shake(failure=RESET)
    assert "tls.reset" not in registry.runnable_ids([good, attempt(failure=REFUSED)])
    assert "tls.reset" in registry.runnable_ids([good, refused])


def test_a_check_that_needs_a_message_does_not_run_without_one() -> None:
    assert "tls.name-needed" not in registry.runnable_ids([shake()])
    assert "tls.name-needed" in registry.runnable_ids([shake()], has_message=True)


def test_one_of_several_faults_is_enough() -> None:
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
    trials = NameTrials(
        address="203.0.113.10", port=443, sent="shop.example.com", name="own", protocol="TLSv1.3"
    )
    for observations, is_run in (
        ((page, trials), False),
        ((replace(page, status=403),), True),
        ((page, replace(trials, tries=3, blocked=3)), True),
    ):
        ids = registry.runnable_ids([attempt(), *observations])
        assert ("cloud.icp-filing-block" in ids) is is_run


def test_a_check_that_the_index_does_not_hold_is_found(use_index: Callable[[str], None]) -> None:
    use_index('{"dns.nxdomain": ["DnsAnswer"]}')
    runnable = registry.runnable_ids([attempt()])
    assert set(IDS) - set(runnable) == {"dns.nxdomain"}


@pytest.mark.parametrize("text", ["", "<<<<<<< HEAD"])
def test_a_damaged_index_hides_no_check(use_index: Callable[[str], None], text: str) -> None:
    use_index(text)
    assert registry.runnable_ids(()) == IDS


def test_a_missing_index_hides_no_check(use_index: Callable[[str], None]) -> None:
    use_index("{}")
    registry.INDEX.unlink()
    assert registry.runnable_ids(()) == IDS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_check_has_words_in_every_language(lang: str) -> None:
    for check_id in IDS:
        text = check_text(check_id, lang)
        assert text.title, check_id
        assert text.summary, check_id
        assert text.meaning, check_id
        assert "{{fix}}" in text.remedy, check_id
        assert text.verify, check_id


def test_what_is_not_translated_is_listed_and_nothing_else() -> None:
    missing = {check_id for check_id in IDS if not text_path(check_id, "zh").exists()}
    assert missing == UNTRANSLATED


def test_every_language_names_the_same_facts_and_steps() -> None:
    for check_id in TRANSLATED:
        pages = [text_path(check_id, lang).read_text("utf-8") for lang in LANGUAGES]
        names = [set(re.findall(r"\{\{[#^]?([\w.-]+)\}\}", page)) for page in pages]
        # One and many have different words in English only.
        facts, *others = ({name for name in each if not name.endswith(".one")} for each in names)
        assert all(named == facts for named in others), check_id
        steps, *others_steps = (list(check_text(check_id, lang).steps) for lang in LANGUAGES)
        assert all(named == steps for named in others_steps), check_id


def test_a_check_has_a_test_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    for check_id in IDS:
        layer, _, name = check_id.partition(".")
        text = (TESTS / layer / f"test_{name.replace('-', '_')}.py").read_text("utf-8")
        assert "def test_fires" in text, check_id
        assert "def test_silent" in text, check_id


def test_what_a_check_explains_exists() -> None:
    for check in registry.all_checks():
        for pattern in check.explains:
            assert pattern in IDS or (pattern.endswith(".*") and pattern[:-2] in LAYERS), (
                f"{check.id} explains {pattern}, which is no check"
            )


def test_no_two_checks_explain_each_other_in_a_circle() -> None:
    checks = registry.all_checks()
    above = {check.id: {other.id for other in checks if explains(check, other)} for check in checks}
    while leaves := [check_id for check_id, below in above.items() if not below & above.keys()]:
        for leaf in leaves:
            del above[leaf]
    assert not above, f"a circle among {sorted(above)}"
