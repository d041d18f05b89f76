"""A target for the tools, and the words of reports that are made by hand."""

from tests.cli.conftest import shut
from tests.outputs.conftest import own_words

__all__ = ["own_words", "shut"]
