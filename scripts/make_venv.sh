#!/bin/sh
# Make the virtual environment FOLDER with a Python that is new enough: PYTHON, or the first found.
# usage: make_venv.sh FOLDER [PYTHON]
set -eu

folder=$1
wanted=${2:-}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

python=
for candidate in ${wanted:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if new_enough "$candidate"; then
        python=$candidate
        break
    fi
done

if [ -z "$python" ]; then
    found=$("${wanted:-python3}" --version 2>&1 || true)
    echo "segmeans needs Python 3.11 or newer. Found: ${found:-none}." >&2
    echo "Try: install one, then make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi

if ! "$python" -m venv "$folder"; then
    rm -rf "$folder"
    echo "The virtual environment could not be made with $python." >&2
    echo "Try: on Debian and Ubuntu, apt install python3-venv." >&2
    exit 1
fi
