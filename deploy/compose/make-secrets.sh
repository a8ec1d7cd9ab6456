#!/bin/sh
# Makes deploy/compose/secrets, once: keys of the hub, passwords of PostgreSQL and Redis. What is there already stays.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/secrets}
"$here/../make-keys.sh" "$folder"
cd "$folder"
umask 077
[ -e migrate.env ] && exit
app=$(openssl rand -hex 24)
if [ -e hub.env ]; then
  # Of a release whose hub was the owner of its tables: that role only migrates from now on.
  sed -n 's/^DATABASE_URL=/MIGRATION_DATABASE_URL=/p' hub.env >migrate.env
  sed "s|^DATABASE_URL=.*|DATABASE_URL=postgres://picket_app:$app@postgres:5432/picket|" hub.env >hub.env.new
  mv hub.env.new hub.env
else
  postgres=$(openssl rand -hex 24) redis=$(openssl rand -hex 24)
  echo "$postgres" >postgres-password
  cat >redis.conf <<END
requirepass $redis
appendonly yes
# A queue must not forget jobs.
maxmemory-policy noeviction
END
  cat >hub.env <<END
DATABASE_URL=postgres://picket_app:$app@postgres:5432/picket
REDIS_URL=redis://:$redis@redis:6379
END
  echo "MIGRATION_DATABASE_URL=postgres://picket:$postgres@postgres:5432/picket" >migrate.env
fi
# Compose mounts the files as they are. The folder is closed (0700); in it, each may be read by the user of its container.
chmod 444 ./*
chmod 400 hub.env migrate.env
