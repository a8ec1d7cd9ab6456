#!/bin/sh
# Makes deploy/compose/secrets, once: keys of the hub, passwords of PostgreSQL and Redis. What is there already stays.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/secrets}
"$here/../make-keys.sh" "$folder"
cd "$folder"
umask 077
[ -e hub.env ] && exit
postgres=$(openssl rand -hex 24) redis=$(openssl rand -hex 24)
echo "$postgres" >postgres-password
cat >redis.conf <<END
requirepass $redis
appendonly yes
# A queue must not forget jobs.
maxmemory-policy noeviction
END
cat >hub.env <<END
DATABASE_URL=postgres://picket:$postgres@postgres:5432/picket
REDIS_URL=redis://:$redis@redis:6379
END
# Compose mounts the files as they are. The folder is closed (0700); in it, each may be read by the user of its container.
chmod 444 ./*
chmod 400 hub.env
