"""A target for the tools."""

from tests.cli.conftest import shut

__all__ = ["shut"]
