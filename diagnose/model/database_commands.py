"""Commands for databases in containers."""

from diagnose.model.steps import Command, Effect, Risk

#: psql reads both values from the environment of the container, so that no list of processes has
#: them (psql, "Meta-commands": a text in backticks is a command; ":'NAME'" quotes a value).
_POSTGRES = (
    r'printf "\\\\set u \`printenv POSTGRES_USER || echo postgres\`\n'
    r"\\\\set p \`printenv POSTGRES_PASSWORD\`\n"
    r'ALTER ROLE :\"u\" PASSWORD :\047p\047;\n" | '
    r'psql -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres'
)


def store_own_password(engine: str, container: str) -> Command:
    """Let the user of a container of the image postgres have the password of the container's own
    environment. The image trusts its own socket (pg_hba.conf, "local all all trust"). The password
    of before is not known, so nothing undoes it."""
    words = (engine, "exec", container, "sh", "-c", _POSTGRES)
    return Command(words, Effect.CHANGE, risk=Risk.CHANGES_ACCESS)
