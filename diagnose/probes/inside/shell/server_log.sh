# Prints the server's time (seconds since the epoch, and the local time), and then the end of a log.

unset TZ; date '+%s %Y-%m-%d %H:%M:%S'
if [ -f "$1" ] && [ -r "$1" ]; then tail -c 65536 -- "$1"
elif [ -f "$1" ] || { [ "$(id -u)" != 0 ] && [ ! -x "${1%/*}" ]; }; then exit 77
fi
