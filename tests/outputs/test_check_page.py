"""The page of every check: in general, and filled with facts.

A test goes through all pages of a layer: each is read in less time than a test of its own takes."""

import itertools
import re

import pytest

from diagnose.checking import registry
from diagnose.checking.texts import check_text, fill
from diagnose.i18n import LANGUAGES
from diagnose.model.view import View
from diagnose.outputs import check_page

IDS = registry.check_ids()
LAYERS = sorted({check_id.partition(".")[0] for check_id in IDS})

#: At most so many sections of a page are switched on and off in every combination.
MOST_SECTIONS = 7


@pytest.fixture(autouse=True)
def own_words() -> None:
    """These are the real pages."""


def ids_of(layer: str) -> list[str]:
    return [check_id for check_id in IDS if check_id.partition(".")[0] == layer]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("layer", LAYERS)
def test_in_general_a_page_has_no_placeholder(layer: str, lang: str) -> None:
    for check_id in ids_of(layer):
        page = check_page.render(check_id, View(lang=lang))
        title = check_text(check_id, lang).general_title
        assert title, check_id
        assert title[-1] not in ".。", check_id
        assert "{{" not in page, check_id
        assert "‹" not in page, check_id
        assert "1. " in page, check_id
        steps = re.findall(r"^\d+\. (?:.+\n)+", f"{page}\n", re.MULTILINE)
        if layer != "cloud":  # a console has no command
            typed = re.findall(r"`[^`]+`", "".join(steps))
            assert len(typed) >= 2, f"{check_id}: what to type is in the steps"


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
@pytest.mark.parametrize("layer", LAYERS)
def test_in_every_variant_no_sections_are_left_and_no_sentences_glued(
    layer: str, lang: str
) -> None:
    # Most steps of a layer are on several of its pages.
    parts = {part: check_id for check_id in ids_of(layer) for part in parts_of(check_id, lang)}
    for part, check_id in parts.items():
        names = sorted(set(re.findall(r"\{\{[#^]([\w.-]+)\}\}", part)))
        some = names[:MOST_SECTIONS]
        for absent in itertools.chain.from_iterable(
            itertools.combinations(some, count) for count in range(len(some) + 1)
        ):
            filled = fill(part, AnyFacts(set(absent)), lang)
            assert "{{#" not in filled, check_id
            assert "{{^" not in filled, check_id
            assert "{{/" not in filled, check_id
            prose = re.sub(r"`[^`]*`", "code", filled)
            if lang == "en":
                glued = re.search(r"[a-z)][.:!?][A-Z][a-z]+ ", prose)
                assert glued is None, (check_id, absent, glued)
            assert not re.search(r"\S  \S", prose), (check_id, absent, prose)


def parts_of(check_id: str, lang: str) -> tuple[str, ...]:
    text = check_text(check_id, lang)
    return (text.title, text.summary, text.meaning, text.remedy, text.verify, *text.steps.values())
