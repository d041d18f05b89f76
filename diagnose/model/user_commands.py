"""A command line that runs as another user (runuser(1))."""


def as_user(user: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command line as a user runs it; as it is for root, and where no user is known
    ("")."""
    return words if user in {"", "root"} else ("runuser", "-u", user, "--", *words)
