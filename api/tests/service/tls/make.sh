#!/usr/bin/env bash
# Makes the certificates of these tests: for this machine alone, signed by themselves, for a hundred years.
set -eu
cd "$(dirname "$0")"
for name in own other; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=almanac test $name" \
        -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -addext "basicConstraints=critical,CA:FALSE" \
        -keyout "$name-key.pem" -out "$name.pem"
done
