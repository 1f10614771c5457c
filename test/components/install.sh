#!/bin/bash
# Installs every real part that the end-to-end tests use: two Docker engines, Podman, an OpenTelemetry
# Collector, Prometheus, helm and Python parsers. Debian 12 or newer, root or sudo, a Go toolchain and gcc.
# Running it again skips what is there. What is built goes to the cache directory, versions in the file names:
#   ${TIDEGAUGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tidegauge}
set -uo pipefail

setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${TIDEGAUGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tidegauge}
bin=$cache/bin
logs=$cache/log
mkdir -p "$bin" "$logs"
# shellcheck source=versions.env
source "$setup/versions.env"

# A second installation at the same time waits, and then finds everything there.
exec 9>"$cache/install.lock"
flock 9

scratch=$(mktemp -d)
results=$scratch/results
touch "$results"
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
# What the builders leave in the temporary directory goes with it.
export TMPDIR=$scratch

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# The first 12 digits of a file's digest: part of the name of what is made from that file.
digest() {
  sha256sum "$1" | cut -c 1-12
}

# step NAME THERE MAKE: runs MAKE unless THERE succeeds; the verdict and the time go to $results.
step() {
  local name=$1 there=$2 make=$3 start=$SECONDS verdict='already there' status
  if ! "$there"; then
    verdict=installed
    # On a line of its own: inside a condition bash ignores `set -e`.
    (set -e; "$make") >"$logs/$name.log" 2>&1
    status=$?
    [ "$status" = 0 ] && "$there" || verdict=FAILED
  fi
  if [ "$verdict" = FAILED ]; then
    { echo "--- $name failed; the end of $logs/$name.log:"; tail -n 15 "$logs/$name.log"; } >&2
  fi
  printf '%-10s %-14s %4d s\n' "$name" "$verdict" $((SECONDS - start)) | tee -a "$results"
}

# --- Debian packages: Engine 20.10, containerd, Podman, Prometheus with promtool, a static busybox for images

packages=(docker.io containerd runc podman prometheus busybox-static python3-venv)

packages_there() {
  local package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || return 1
  done
}

packages_install() {
  local policy=/usr/sbin/policy-rc.d
  # The tests start their own daemons; Debian's policy hook keeps the packages from starting theirs.
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    # shellcheck disable=SC2064
    trap "as_root rm -f $policy" EXIT
  fi
  as_root apt-get update
  # Another vendor's engine is not ours to remove: then this step fails.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-remove --no-install-recommends "${packages[@]}"
}

# --- Python: the parsers of prometheus-client, and the OTLP messages

python=$cache/python-$(digest "$setup/requirements.txt")

python_there() {
  "$python/bin/python" -c 'import opentelemetry.proto, prometheus_client' 2>/dev/null
}

python_install() {
  rm -rf "$python"
  python3 -m venv "$python"
  "$python/bin/pip" install --no-cache-dir --quiet -r "$setup/requirements.txt"
}

# --- Go programs

require_go() {
  if ! command -v go >/dev/null; then
    echo 'No Go toolchain: install Go 1.21 or newer (it fetches the version that a module asks for) and put it on the PATH.'
    return 1
  fi
  if ! command -v gcc >/dev/null; then
    echo 'No C compiler: runc needs cgo, install gcc.'
    return 1
  fi
}

# Builds at low priority, so that the machine stays usable; the module files may be completed.
go_nice() {
  GOFLAGS=-mod=mod nice -n 10 go "$@"
}

engine=$bin/dockerd-$ENGINE
engine_there() { [ -x "$engine" ]; }
engine_build() {
  require_go
  GOBIN=$scratch/engine CGO_ENABLED=0 go_nice install -trimpath -ldflags '-s -w' "github.com/moby/moby/v2/cmd/dockerd@$ENGINE"
  mv "$scratch/engine/dockerd" "$engine"
}

# The current Engine's specifications ask for a time namespace, which Debian's runc refuses.
runc=$bin/runc-$RUNC
runc_there() { [ -x "$runc" ]; }
runc_build() {
  require_go
  local source
  source=$(go mod download -json "github.com/opencontainers/runc@$RUNC" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  cp -r "$source" "$scratch/runc"
  chmod -R u+w "$scratch/runc"
  cd "$scratch/runc"
  # The replacement is not on the module proxy, and the version it stands for builds as well.
  sed -i '/^replace github.com\/opencontainers\/selinux/d' go.mod
  CGO_ENABLED=1 go_nice build -trimpath -ldflags "-s -w -X main.version=${RUNC#v}" -o "$runc" .
}

otelcol=$bin/otelcol-$COLLECTOR-$(digest "$setup/collector.yaml")
otelcol_there() { [ -x "$otelcol" ]; }
otelcol_build() {
  require_go
  mkdir "$scratch/otelcol"
  cd "$scratch/otelcol"
  # The builder ends with `go mod tidy`, which asks for the tests of dependencies too; the module proxy of a closed
  # network may lack one of those. By then the source is complete, and the build says whether anything real is missing.
  go_nice run "go.opentelemetry.io/collector/cmd/builder@$COLLECTOR" --config "$setup/collector.yaml" \
    --skip-compilation || [ -s source/go.mod ]
  cd source
  CGO_ENABLED=0 go_nice build -trimpath -ldflags '-s -w' -o "$otelcol" .
}

helm=$bin/helm-$HELM
helm_there() { [ -x "$helm" ]; }
helm_build() {
  require_go
  GOBIN=$scratch/helm CGO_ENABLED=0 go_nice install -trimpath \
    -ldflags "-s -w -X helm.sh/helm/v3/internal/version.version=$HELM" "helm.sh/helm/v3/cmd/helm@$HELM"
  mv "$scratch/helm/helm" "$helm"
}

# --- Three lanes: while one program is linked or fetched on one core, the others use the rest.

{ step packages packages_there packages_install; step python python_there python_install; } &
{ step otelcol otelcol_there otelcol_build; } &
{ step runc runc_there runc_build; step engine engine_there engine_build; step helm helm_there helm_build; } &
wait

printf -- '---\n'
sort "$results"
printf 'total %31d s, in %s\n' "$SECONDS" "$cache"
! grep -q FAILED "$results"
