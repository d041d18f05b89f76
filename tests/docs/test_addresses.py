"""An address of the site holds the version of the schema that its pages describe."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from diagnose.cli.schemas import report_schema
from diagnose.outputs.json import SCHEMA_VERSION
from docs.generator.addresses import VERSION_FOLDER, first_page, folder
from docs.generator.pages import pages
from docs.generator.words import LANGUAGES


def test_the_folder_is_the_major_version_of_the_schema() -> None:
    major = SCHEMA_VERSION.split(".")[0]
    assert f"v{major}" == VERSION_FOLDER
    assert json.loads(report_schema())["$id"].endswith(f"report-{major}")
    assert folder("en", Path("/s")) == Path(f"/s/v{major}")
    assert folder("zh", Path("/s")) == Path(f"/s/v{major}/zh")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_of_the_fields_names_the_version(lang: str) -> None:
    assert SCHEMA_VERSION in dict(pages(lang))["reference/json.md"]


def test_the_root_leads_to_the_pages() -> None:
    links: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            links.extend(value or "" for name, value in attrs if (tag, name) == ("a", "href"))

    Links().feed(first_page())
    assert links == [f"{VERSION_FOLDER}/", f"{VERSION_FOLDER}/zh/"]
    assert f"url={VERSION_FOLDER}/" in first_page()
