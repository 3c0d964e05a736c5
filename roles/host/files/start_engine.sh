# shellcheck shell=sh
# Starts the engine where no systemd runs, and returns when it answers. With "restart" it stops it first.
log=/var/log/docker.log
if [ "$1" = restart ]; then
  start-stop-daemon --stop --oknodo --retry 60 --name dockerd --pidfile /var/run/docker.pid
fi
# The service script gives up in a container whose limits it may not raise; the engine itself does not need them.
if ! service docker start >/dev/null 2>&1; then
  start-stop-daemon --start --oknodo --background --no-close --make-pidfile --pidfile /var/run/docker-ssd.pid \
    --exec "$(command -v dockerd)" -- --pidfile /var/run/docker.pid >>"$log" 2>&1
fi
tries=60
until docker version >/dev/null 2>&1; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "Engine: expected an answer within 60 s, seen none. Look at the last lines of $log:" >&2
    tail -n 20 "$log" >&2
    exit 1
  fi
  sleep 1
done
