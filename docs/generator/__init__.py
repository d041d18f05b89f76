"""The documentation's site: recorded evidence, generated reference pages, and the build.

`make docs` runs `python -m docs.generator` (docs/adr/0035-documentation.md).
"""
