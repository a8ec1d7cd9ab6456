#!/bin/sh
# Makes what a hub needs to know of nobody else: make-keys.sh FOLDER
# signing-key.pem signs grants, token-secret signs access tokens, audit-key.pem signs how far the audit log has come, admin-token lets the
# first admin in. What is there already stays.
set -eu
folder=${1:?usage: make-keys.sh FOLDER}
umask 077
mkdir -p "$folder"
cd "$folder"
make() { [ -e "$1" ] || { cat >"$1.new" && mv "$1.new" "$1"; }; }
[ -e signing-key.pem ] || openssl genpkey -algorithm ed25519 | make signing-key.pem
[ -e audit-key.pem ] || openssl genpkey -algorithm ed25519 | make audit-key.pem
[ -e token-secret ] || openssl rand -hex 32 | make token-secret
[ -e admin-token ] || echo "picket_$(openssl rand -hex 32)" | make admin-token
