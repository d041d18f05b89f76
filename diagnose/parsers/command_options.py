"""The options of a server's command line, as all readers read them."""

from collections.abc import Collection


def parse_command_line(
    title: str, valued: Collection[str]
) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Return the options of a command line and the words behind "--".

    `valued` are the options that take a value: it is the next word, or joined to the option
    ("-DSSL", "--config=FILE"). Each option has all its values in order, one without a value "". A
    value is never read as an option.
    """
    options: dict[str, list[str]] = {}
    words = title.split()[1:]
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if word == "--":
            return options, tuple(words[index:])
        name, equals, value = word.partition("=")
        if name in valued and not equals:
            value = "".join(words[index : index + 1])
            index += 1
        elif name not in valued and word[:2] in valued and not word.startswith("--"):
            name, value = word[:2], word[2:]
        if word.startswith("-"):
            options.setdefault(name, []).append(value)
    return options, ()
