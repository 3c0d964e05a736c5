#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The probe app. It serves on 8080 (PROBE_PORT) and behaves as PROBE_BEHAVIOUR says:
#   /         its version            /healthz  200, or 503 when it is never healthy
#   /ready    200 as JSON, or 500    /env      its PROBE_* environment    /config  the file /etc/probe.conf
# When PROBE_DATA names a folder, each start adds a line with the version to its file `starts`.
set -eu

port=${PROBE_PORT:-8080}
read -r version </VERSION
behaviour=${PROBE_BEHAVIOUR:-healthy}

say() { echo "probe $version: $*"; }

# A page is asked for all the time, so it is made without other processes where that is possible.
# reply STATUS TYPE BODY
reply() {
  printf 'HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s\n' \
    "$1" "$2" "$((${#3} + 1))" "$3"
}

# verdict NAME BAD-STATUS BAD-BEHAVIOUR
verdict() {
  if [ "$behaviour" = "$3" ]; then
    reply "$2" application/json "{\"$1\": false, \"version\": \"$version\"}"
  else
    reply "200 OK" application/json "{\"$1\": true, \"version\": \"$version\"}"
  fi
}

# One request on standard input, one answer on standard output.
page() {
  read -r method path _ || exit 0
  length=0
  # The headers end with a line that is empty but for its carriage return.
  while read -r header value && [ "${#header}" -gt 1 ]; do
    case "$header" in
      [Cc]ontent-[Ll]ength:) length=${value%%[!0-9]*} ;;
    esac
  done
  [ "$length" = 0 ] || head -c "$length" >/dev/null
  case "${path%%\?*}" in
    /) reply "200 OK" text/plain "$version" ;;
    /healthz) verdict healthy "503 Service Unavailable" never-healthy ;;
    /ready) verdict ready "500 Internal Server Error" http-500 ;;
    /env) reply "200 OK" text/plain "$(env | grep '^PROBE_' | sort || :)" ;;
    /config) reply "200 OK" text/plain "$(cat /etc/probe.conf 2>/dev/null || :)" ;;
    *) reply "404 Not Found" text/plain "no $method for $path here" ;;
  esac
}

serve() {
  trap 'say "told to stop"; exit 0' TERM INT
  if [ -n "${PROBE_DATA:-}" ]; then echo "$version" >>"$PROBE_DATA/starts"; fi
  nc -ll -p "$port" -e /bin/probe page &
  server=$!
  say "serving on $port as $behaviour"
  if [ "$behaviour" = healthy-then-crash ]; then
    sleep "${PROBE_CRASH_AFTER:-2}" &
    wait $!
    say "fatal: out of cheese" >&2
    exit 7
  fi
  wait "$server"
}

if [ "${1:-}" = page ]; then
  page 2>/dev/null
  exit 0
fi

case "$behaviour" in
  crash-loop)
    say "fatal: cannot open the cheese shop" >&2
    exit 7
    ;;
  job-ok) say "job done" ;;
  job-fail)
    say "fatal: the job cannot be done" >&2
    exit 3
    ;;
  slow-start)
    trap 'exit 0' TERM INT
    say "starting slowly"
    sleep "${PROBE_START_AFTER:-5}" &
    wait $!
    serve
    ;;
  *) serve ;;
esac
