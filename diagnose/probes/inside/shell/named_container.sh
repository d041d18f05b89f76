# Prints the one running container of the engine $1 that has the name or address in "=HOST NETWORK…" ($at), of
# these networks if there are any.

# shellcheck disable=SC2016,SC2154
#   (SC2016: the engine expands them. SC2154: the script that follows sets `at`.)
named() {
  "$1" ps -q | head -n 200 | xargs "$1" inspect -f '{{.Name}} {{index .Config.Labels "com.docker.compose.service"}}{{range $n, $s := .NetworkSettings.Networks}} | {{$n}} {{$s.IPAddress}}{{range $s.Aliases}} {{.}}{{end}}{{end}}' |
    awk -v at="${at#=}" -F' [|] ' '
      BEGIN { count = split(at, wanted, " "); host = wanted[1] }
      {
        split($1, names, " "); name = names[1]; sub("^/", "", name)
        is_named = name == host || names[2] == host; is_near = count < 2
        for (i = 2; i <= NF; i++) {
          last = split($i, words, " ")
          for (j = 2; j <= count; j++) if (wanted[j] == words[1]) is_near = 1
          for (j = 2; j <= last; j++) if (words[j] == host) is_named = 1
        }
        if (is_named && is_near) { found = name; all++ }
      }
      END { if (all == 1) print found }'
}
