"""The file `copyright` of the packages: what lies in a folder of libraries, and its licences.

`python packaging/licences.py FOLDER LOCATION` prints it. LOCATION is where FOLDER is installed.
"""

import argparse
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

_HEAD = """\
diagnose is free software, Apache-2.0.
Copyright (C) 2026 the authors of diagnose.
On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.

The folder {location} also contains the libraries below. The licence and the
authors of each are in its folder {location}/NAME-VERSION.dist-info.

"""


def copyright_text(folder: Path, location: str) -> str:
    """Return the text for the libraries in a folder."""
    libraries = sorted(distributions(path=[str(folder)]), key=lambda each: each.name.lower())
    lines = [
        f"  {each.name} {each.version}: {licence(each)}\n"
        for each in libraries
        if each.name != "diagnose-https"
    ]
    return _HEAD.format(location=location) + "".join(lines)


def licence(library: Distribution) -> str:
    """Return the licence as the metadata has it (PEP 639, and what was before)."""

    def values(field: str) -> list[str]:
        return library.metadata.get_all(field) or []

    classifiers = [text for text in values("Classifier") if text.startswith("License")]
    texts = [*values("License-Expression"), *values("License"), *classifiers]
    text = next((text.strip() for text in texts if text.strip()), "see its folder")
    return text.splitlines()[0].rpartition(" :: ")[2]


def main() -> None:
    """Print the text for the folder that is named on the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("location")
    values = options.parse_args(sys.argv[1:])
    sys.stdout.write(copyright_text(values.folder, values.location))


if __name__ == "__main__":
    main()
