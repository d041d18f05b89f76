"""python -m docs.generator [FOLDER]: build the site, strictly: a broken link is an error."""

import logging
import shutil
import sys
import tempfile
from pathlib import Path

import jieba
from mkdocs.commands.build import build
from mkdocs.config import load_config

from diagnose._version import VERSION
from diagnose.outputs.json import SCHEMA_VERSION
from docs.generator.addresses import CONFIGURATIONS, first_page, folder
from docs.generator.pages import DOCS, ROOT, write
from docs.generator.search import mend_search
from docs.generator.words import LANGUAGES


def build_language(lang: str, site: Path) -> None:
    name, _ = CONFIGURATIONS[lang]
    with tempfile.TemporaryDirectory(prefix="diagnose-docs-") as pages:
        write(lang, Path(pages))
        shutil.copytree(DOCS / "assets", Path(pages, "assets"))
        # Where jieba keeps its dictionary; otherwise it leaves a file in the system's folder.
        jieba.dt.tmp_dir = pages
        config = load_config(
            str(DOCS / name),
            docs_dir=pages,
            site_dir=str(folder(lang, site)),
            strict=True,
            copyright=f"diagnose {VERSION} · JSON schema {SCHEMA_VERSION} · Apache License 2.0",
        )
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
    mend_search(folder(lang, site))


def build_site(site: Path) -> None:
    for language in LANGUAGES:
        build_language(language, site)
    (site / "index.html").write_text(first_page(), "utf-8")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    jieba.setLogLevel(logging.WARNING)
    build_site(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site")
