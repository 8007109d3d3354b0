#!/bin/sh
# Stands in for systemctl beside the edge, which has no systemd: does what the units' ExecReload do, if they run.
set -eu
case "$*" in
  try-reload-or-restart\ nginx.service) [ ! -e /run/nginx.pid ] || nginx -s reload ;;
  try-reload-or-restart\ fail2ban.service) [ ! -e /run/fail2ban/fail2ban.sock ] || fail2ban-client reload ;;
  is-active\ --quiet\ certbot.timer) ;;
  *)
    echo "Unknown order: $*" >&2
    exit 1
    ;;
esac
