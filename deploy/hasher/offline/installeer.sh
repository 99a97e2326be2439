#!/bin/sh
# Installs the hasher for the user who runs this: no administrator, no network.
#
#   sh installeer.sh                     install, or upgrade
#   sh installeer.sh --python PROGRAMMA  with this Python
#   sh installeer.sh --verwijder         remove (also: --uninstall)
#
# Exit codes: 0 done; 2 wrong use; 3 no suitable Python; 4 files damaged; 5 installing failed,
# what was there is back; 6 something is in the way.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
home=${HOME:?}/.local/share/moj-hasher
venv=$home/venv
before=$home/venv.vorige
starter=$HOME/.local/bin/hasher

stop() {
    code=$1
    printf 'FOUT: %s\n' "$2" >&2
    printf '  Wat nu: %s\n' "$3" >&2
    exit "$code"
}

is_ours() {
    [ -L "$starter" ] && [ "$(readlink "$starter")" = "$venv/bin/hasher" ]
}

remove() {
    if is_ours; then rm -f "$starter"; fi
    rm -rf "$home"
    printf 'De hasher is verwijderd. Uw eigen map met sleutels (MOJ_HOME of ~/.moj) is er nog.\n'
}

check_files() {
    (cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) >/dev/null 2>&1 ||
        stop 4 'de bestanden zijn beschadigd, veranderd of niet compleet.' \
            'pak de zip opnieuw uit; blijft het zo, haal de zip dan opnieuw en vergelijk de hash.'
}

find_python() {
    for candidate in ${1:+"$1"} python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null 2>&1; then
            "$candidate" -I "$here/geschikt.py" && return 0
        fi
        if [ -n "${1:-}" ]; then break; fi
    done
    return 1
}

# An earlier run that was cut off left the version that worked aside.
put_back() {
    if [ -d "$before" ]; then
        rm -rf "$venv"
        mv "$before" "$venv"
    fi
}

install_wheels() {
    "$1" -I -m venv "$venv" &&
        PIP_CONFIG_FILE=/dev/null "$venv/bin/python" -I -m pip --isolated install --quiet \
            --disable-pip-version-check --no-input --no-cache-dir --no-index \
            --find-links "$here/wheels" --only-binary=:all: --require-hashes \
            -r "$here/requirements.lock"
}

install() {
    check_files
    python=$(find_python "$1") ||
        stop 3 'er is geen geschikte Python gevonden.' \
            'vraag uw beheerder om Python 3.11, 3.12 of 3.13; of noem er een: --python PROGRAMMA'
    if [ -e "$starter" ] || [ -L "$starter" ]; then
        is_ours || stop 6 "er staat al een ander programma: $starter" 'haal dat eerst weg.'
    fi
    mkdir -p "$home" "$(dirname -- "$starter")" 2>/dev/null ||
        stop 6 "de map $home is niet te maken." 'kijk of u daar mag schrijven.'
    put_back
    if [ -d "$venv" ]; then mv "$venv" "$before"; fi
    trap 'exit 130' HUP INT TERM
    trap 'put_back' EXIT
    if ! install_wheels "$python" || ! version=$("$venv/bin/hasher" --version); then
        rm -rf "$venv"
        stop 5 'installeren is niet gelukt. Wat er al stond, is er nog.' \
            'kijk naar de regels hierboven en of er 1 GB ruimte vrij is op de schijf.'
    fi
    rm -rf "$before"
    ln -sf "$venv/bin/hasher" "$starter"
    printf 'Klaar: %s\n' "$version"
    case ":$PATH:" in
        *":$(dirname -- "$starter"):"*) ;;
        *) printf 'Zet ~/.local/bin in uw PATH, of start met: %s\n' "$starter" ;;
    esac
}

case "${1:-}" in
    '') install '' ;;
    --python)
        [ $# -eq 2 ] || stop 2 'achter --python hoort een programma.' 'bijvoorbeeld python3.12'
        install "$2"
        ;;
    --verwijder | --uninstall) remove ;;
    *) stop 2 'deze optie is er niet.' 'sh installeer.sh [--python PROGRAMMA | --verwijder]' ;;
esac
