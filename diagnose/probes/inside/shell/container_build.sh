# Prints what `nginx -V` would say, from the text in the program of process $1. A container's program is
# not run for it.
tr -c '[:print:]' '\n' <"/proc/$1/exe" | grep -E '^([a-zA-Z]+ version: |configure arguments:)' | head -n 4
