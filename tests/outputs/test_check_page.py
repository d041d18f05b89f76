"""The page of every check: in general, and filled with facts."""

import itertools
import re

import pytest

from diagnose.checking import registry
from diagnose.checking.texts import check_text, fill
from diagnose.i18n import LANGUAGES
from diagnose.model.view import View
from diagnose.outputs import check_page

IDS = registry.check_ids()

#: At most so many sections of a page are switched on and off in every combination.
MOST_SECTIONS = 7


@pytest.fixture(autouse=True)
def own_words() -> None:
    """These are the real pages."""


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("check_id", IDS)
def test_in_general_a_page_has_no_placeholder(check_id: str, lang: str) -> None:
    page = check_page.render(check_id, View(lang=lang))
    text = check_text(check_id, lang)
    assert text.general_title
    assert text.general_title[-1] not in ".。"
    assert "{{" not in page
    assert "‹" not in page
    assert "1. " in page
    steps = re.findall(r"^\d+\. (?:.+\n)+", f"{page}\n", re.MULTILINE)
    if not check_id.startswith("cloud."):  # a console has no command
        assert len(re.findall(r"`[^`]+`", "".join(steps))) >= 2, "what to type is in the steps"


class AnyFacts(dict[str, object]):
    """Every fact is there; those in `absent` are empty."""

    def __init__(self, absent: set[str]) -> None:
        super().__init__()
        self.absent = absent

    def __missing__(self, key: str) -> str:
        return "" if key in self.absent else "value"

    def get(self, key: str, default: object = None) -> object:
        return self[key]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("check_id", IDS)
def test_in_every_variant_no_sections_are_left_and_no_sentences_glued(
    check_id: str, lang: str
) -> None:
    text = check_text(check_id, lang)
    parts = (text.title, text.summary, text.meaning, text.remedy, text.verify, *text.steps.values())
    for part in parts:
        names = sorted(set(re.findall(r"\{\{[#^]([\w.-]+)\}\}", part)))
        some = names[:MOST_SECTIONS]
        for absent in itertools.chain.from_iterable(
            itertools.combinations(some, count) for count in range(len(some) + 1)
        ):
            filled = fill(part, AnyFacts(set(absent)), lang)
            assert "{{#" not in filled
            assert "{{^" not in filled
            assert "{{/" not in filled
            prose = re.sub(r"`[^`]*`", "code", filled)
            if lang == "en":
                glued = re.search(r"[a-z)][.:!?][A-Z][a-z]+ ", prose)
                assert glued is None, (absent, glued)
            assert not re.search(r"\S  \S", prose), (absent, prose)
