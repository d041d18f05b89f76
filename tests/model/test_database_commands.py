"""The text that psql reads is written by the shell of the container."""

import subprocess

from diagnose.model.database_commands import store_own_password


def test_psql_reads_both_values_from_the_environment() -> None:
    words = store_own_password("docker", "db").argv
    assert words[:3] == ("docker", "exec", "db")
    text = words[-1].replace("psql -v", "cat; : -v")
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == [
        r"\set u `printenv POSTGRES_USER || echo postgres`",
        r"\set p `printenv POSTGRES_PASSWORD`",
        "ALTER ROLE :\"u\" PASSWORD :'p';",
    ]
