# Shared by the scripts beside it; sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

RUN_DIR=${RUN_DIR:-$PWD/.run}
PRESET=${PRESET:-release}
BUILD_DIR=$PWD/build/$PRESET
JOBS=${JOBS:-$(nproc)}

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# configure [cmake arguments]: once; CMake looks after itself from then on.
configure() {
  [ -f "$BUILD_DIR/build.ninja" ] && [ $# -eq 0 ] && return
  say "configuring $BUILD_DIR"
  mkdir -p "$BUILD_DIR"
  cmake --preset "$PRESET" "$@" >"$BUILD_DIR/configure.log" 2>&1 || {
    cat "$BUILD_DIR/configure.log" >&2
    die "cmake failed"
  }
}

# build TARGET…: Ninja prints its progress.
build() {
  say "building $* (the first time takes some minutes)"
  cmake --build "$BUILD_DIR" -j "$JOBS" --target "$@" >&2
}
