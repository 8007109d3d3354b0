#!/bin/sh
# Tests nginx's configuration as it will be once first boot has made a key. The key lives in memory, in a view of the
# file system that ends with this process: none can stay in the image.
set -eu
tls=$1

if [ "${2:-}" != inside ]; then
    exec unshare --mount "$0" "$tls" inside
fi
mount -t tmpfs -o mode=0700 none "$(dirname "$tls")"
mkdir "$tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test \
    -keyout "$tls/key.pem" -out "$tls/cert.pem" 2>/dev/null
nginx -t
