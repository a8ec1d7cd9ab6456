#!/usr/bin/env bash
# Builds kube-apiserver, kube-controller-manager and kubectl from Debian's own source package and takes etcd from Debian, into TARGET.
# Nothing is installed but build tools, and the system's apt configuration stays as it is. About 5 minutes on 2 cores.
#   build-from-debian.sh TARGET
set -euo pipefail

target=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,debs,root}

say() { echo "kube-apiserver: $*" >&2; }

need=()
command -v rsync > /dev/null || need+=(rsync)
command -v dpkg-source > /dev/null || need+=(dpkg-dev)
command -v make > /dev/null || need+=(make)
if [ ${#need[@]} -gt 0 ]; then
  say "installing ${need[*]}"
  apt-get update -qq && apt-get install -y -qq "${need[@]}" > /dev/null
fi

# A private apt: the system's own Debian entries, their sources added.
if ls /etc/apt/sources.list.d/*.sources > /dev/null 2>&1; then
  cat /etc/apt/sources.list.d/*.sources | sed -E 's/^Types:.*/Types: deb deb-src/' > "$work/debian.sources"
else
  sed -nE 's/^deb (.*)/deb \1\ndeb-src \1/p' /etc/apt/sources.list > "$work/debian.list"
fi
mkdir "$work/parts"
mv "$work"/debian.* "$work/parts/"
apt=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root -qq)
say 'reading package lists'
apt-get "${apt[@]}" update

say 'fetching Go, etcd and the Kubernetes source'
(
  cd "$work/debs"
  apt-get "${apt[@]}" download golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev etcd-server
  for deb in *.deb; do dpkg -x "$deb" "$work/root"; done
  apt-get "${apt[@]}" source --download-only kubernetes
  dpkg-source --no-check -x kubernetes_*.dsc "$work/kubernetes" > /dev/null
)

# The vendored reflect2 1.0.1 crashes on Go 1.18 and later, right after the first CRD.
reflect=vendor/github.com/modern-go/reflect2
rm -f "$work/kubernetes/$reflect"/*.{go,s}
cp "$work/root/usr/share/gocode/src/github.com/modern-go/reflect2"/*.{go,s} "$work/kubernetes/$reflect/"

# Debian splits Go into a part with binaries and one with sources, joined by links that point to /usr.
goroot=$work/root/usr/lib/go-1.19
for part in "$goroot"/*; do
  if [ -L "$part" ]; then
    link=$(readlink "$part")
    rm "$part"
    case $link in
      /*) ln -s "$work/root$link" "$part" ;;
      *) ln -s "$work/root/usr/lib/$(realpath -m --relative-to=/usr/lib "/usr/lib/go-1.19/$link")" "$part" ;;
    esac
  fi
done

say 'building (this takes a few minutes)'
(
  cd "$work/kubernetes"
  export GOROOT=$goroot PATH=$goroot/bin:$PATH GOPROXY=off GOFLAGS=-mod=vendor CGO_ENABLED=0 GOCACHE=$work/gocache GOPATH=$work/gopath
  nice make WHAT='cmd/kube-apiserver cmd/kube-controller-manager cmd/kubectl' KUBE_GIT_VERSION=v1.20.2 KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=clean > "$work/build.log" 2>&1 ||
    { tail -40 "$work/build.log" >&2; exit 1; }
)
mkdir -p "$target"
cp "$work"/kubernetes/_output/local/bin/linux/*/{kube-apiserver,kube-controller-manager,kubectl} "$target/"
cp "$work/root/usr/bin/etcd" "$target/"
say "ready in $target"
