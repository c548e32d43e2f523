# Sourced by the scripts beside it: `.venv` with what was asked for, installed again only when that changed.
# Needs Python 3.11 or newer with venv and pip; $PYTHON names one that is not found by itself.

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "error: Fretwatch needs Python 3.11 or newer with venv and pip (Debian: apt-get install python3 python3-venv)." >&2
    echo "       One with another name can be given: PYTHON=/path/to/python $0" >&2
    return 1
}

# have_venv NAME REQUIREMENT: NAME tells sets of packages apart, since each is installed on top of the others.
have_venv() {
    if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        python=$(find_python)
        echo "Making .venv with $("$python" --version) ..." >&2
        "$python" -m venv --clear .venv
    fi
    stamp=".venv/installed-$1"
    # The folder belongs to it: an environment that was moved still points at where it was.
    wanted="$(cat pyproject.toml constraints.txt scripts/venv.sh | cksum) $PWD"
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "Installing into .venv (again only when pyproject.toml or constraints.txt changes) ..." >&2
        PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install --quiet -c constraints.txt -e "$2"
        echo "$wanted" >"$stamp"
    fi
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
}

announce() {
    echo
    echo "== $* =="
    "$@"
}
