#!/usr/bin/env bash
# bootstrap.sh PYTHON VENV: makes the Python environment; installs what a bare Debian lacks for that.
set -euo pipefail
python=$1 venv=$2

apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || {
    echo "please install: $*" >&2
    exit 1
  }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

command -v cargo >/dev/null || { echo "Rust is needed: cargo is not on PATH" >&2; exit 1; }
command -v cc >/dev/null || apt_install gcc libc6-dev
command -v git >/dev/null || apt_install git
# kills and failures at each system call are injected by strace
command -v strace >/dev/null || apt_install strace
# Spark runs on it
command -v java >/dev/null || apt_install openjdk-17-jre-headless
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  apt_install python3-venv python3-dev
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Python 3.11 or later is needed: $("$python" --version)" >&2
  exit 1
}
mkdir -p "$(dirname "$venv")"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
