# Prints what `nginx -V` would say, from the text in the program of process $1. A container's program is
# not run for it.
head -c 67108864 "/proc/$1/exe" | tr -c '[:print:]' '\n' |
  grep -E '^([a-zA-Z]+ version: |configure arguments:)' | head -n 4
