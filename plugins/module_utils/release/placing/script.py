# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a shell puts a release's files into the project folder: in `rollback.sh`, and as root where a container rules.

`project_folder.py` does the same in Python; one table of tests holds both to it.
"""

from __future__ import annotations

#: Ends of the functions below, and of the errors in `project_folder.py` that mean the same.
HIDDEN, NOT_WRITABLE, FAILED = 3, 4, 5
#: What the script says when it has kept something, or put it back; who runs it passes that on.
KEPT, PUT_BACK = "Kept what stood in the way of ", "Put back what had stood in the way of "
#: In the stack's folder: what stood in the way of a file and may be somebody's data.
DISPLACED_FOLDER = "displaced"
#: Names of temporary files and folders in the stack's folder; they are short, whatever the file is called.
TEMPORARY = ".placing-"
#: Beginning of the name of what had to stay in the folder in which it was.
BESIDE = ".slipway-kept-"

PLACING = f"""\
say() {{
    printf '%s\\n' "$*"
}}

durable() {{
    sync "$1" 2>/dev/null || sync
}}

# What root makes belongs to the deploy user, whose folder this is.
own() {{
    [ "$(id -u)" != 0 ] || chown "$(stat -c %u:%g "$stack_dir")" "$1"
}}

# Goes from the present folder into $1. With "make" it is made, whatever else stands there.
into() {{
    if [ -h "./$1" ] || [ ! -d "./$1" ]; then
        [ "$2" = make ] || return 1
        [ -w . ] || return {NOT_WRITABLE}
        aside "$1" || return {FAILED}
        mkdir "./$1" && chmod 755 "./$1" && own "./$1" && durable . || return {FAILED}
    fi
    [ -x "./$1" ] || return {HIDDEN}
    there=$(pwd -P)
    cd -P "./$1" || return {HIDDEN}
    # A link that a container has put there meanwhile leads elsewhere.
    [ "$(pwd -P)" = "${{there%/}}/$1" ] || return {FAILED}
}}

# Goes into the folder of the file $1, whose own name is $name then; ends with 1 if there is no such folder.
folder_of() {{
    cd -P "$stack_dir/project" || return {HIDDEN}
    [ -x . ] || return {HIDDEN}
    name=$1
    while [ "$name" != "${{name#*/}}" ]; do
        into "${{name%%/*}}" "$2" || return
        name=${{name#*/}}
    done
}}

# Whether $name is the same as the file $1 and has the mode $2. Only a regular file is opened: a FIFO would never end.
is_in_place() {{
    [ ! -h "./$name" ] && [ -f "./$name" ] || return 1
    [ -r "./$name" ] || return {HIDDEN}
    cmp -s "$1" "./$name" || return 1
    found=$(stat -c '%u %a' "./$name")
    case $found in
        "$(stat -c %u "$stack_dir") "*) [ "${{found#* }}" = "$2" ] ;;
        # Who took it over decides who reads it. That leaves whether it can be executed.
        *) case "$found/$2" in *[1357]??/755 | *[0246]??/644) ;; *) return 1 ;; esac ;;
    esac
}}

# Makes room for $1. What holds nothing goes; all else may be somebody's data, and is kept.
aside() {{
    if [ -h "./$1" ]; then
        rm -f "./$1"
    elif [ -d "./$1" ]; then
        if [ -z "$(find "./$1" ! -type d 2>&1 | head -n 1)" ]; then
            find "./$1" -depth -type d -exec rmdir {{}} \\; 2>/dev/null || true
        fi
        [ ! -d "./$1" ] || keep "$1"
    elif [ -s "./$1" ] && [ -f "./$1" ]; then
        keep "$1"
    else
        rm -f "./$1"
    fi
}}

# Keeps $1 in a folder beside the project folder; what cannot leave its folder, in there under another name.
keep() {{
    mkdir -p "$stack_dir/{DISPLACED_FOLDER}" && own "$stack_dir/{DISPLACED_FOLDER}" || return 1
    kept=$(mktemp -d "$stack_dir/{DISPLACED_FOLDER}/$(date -u +%Y%m%dT%H%M%SZ)-XXXXXX") && own "$kept" || return 1
    path=$(pwd -P)/$1
    path=${{path#"$stack_dir/project/"}}
    printf '%s' "$path" >"$kept/path"
    # From one file system to another it would be copied, however large it is.
    if [ "$(stat -c %d "./$1")" = "$(stat -c %d "$kept")" ] && mv -T "./$1" "$kept/thing" 2>/dev/null; then
        say "{KEPT}$path: {DISPLACED_FOLDER}/${{kept##*/}}/thing"
    else
        beside={BESIDE}${{kept##*-}}
        printf '%s' "$beside" >"$kept/beside"
        mv -T "./$1" "./$beside" || return 1
        there=project/$path
        say "{KEPT}$path: ${{there%/*}}/$beside"
    fi
    durable .
}}

# Puts the file $3 of the release in the folder $1 into its place, with the mode $2. Where nobody but a container sees
# what stands there, it is left alone if $4 says that it was put there as the "same" file.
place() (
    from=$stack_dir/$1/files/$3
    code=0
    folder_of "$3" make || code=$?
    [ "$code$4" != {HIDDEN}same ] || exit 0
    [ "$code" = 0 ] || exit "$code"
    is_in_place "$from" "$2" || code=$?
    case $code$4 in 0* | {HIDDEN}same) exit 0 ;; esac
    [ -w . ] || exit {NOT_WRITABLE}
    # Not every mv puts a file into the place of a link to a folder.
    if [ -h "./$name" ] || [ -d "./$name" ]; then aside "$name" || exit {FAILED}; fi
    # It is written where no container sees it.
    new=$(mktemp "$stack_dir/{TEMPORARY}XXXXXX") || exit {FAILED}
    if cat "$from" >"$new" && chmod "$2" "$new" && own "$new" && durable "$new" && mv -fT "$new" "./$name"; then
        durable .
    else
        rm -f "$new"
        exit {FAILED}
    fi
)

# Removes the file $1, which the release does not have. A folder of that name is somebody's data.
gone() (
    code=0
    folder_of "$1" no || code=$?
    [ "$code" != 1 ] || exit 0
    [ "$code" = 0 ] || exit "$code"
    if [ ! -h "./$name" ]; then
        if [ ! -e "./$name" ] || [ -d "./$name" ]; then exit 0; fi
    fi
    [ -w . ] || exit {NOT_WRITABLE}
    rm -f "./$name" && durable . || exit {FAILED}
)

# Puts back what was kept, the latest first, where nothing stands in its place any more.
bring_back() {{
    set --
    for one in "$stack_dir/{DISPLACED_FOLDER}"/*/; do set -- "${{one%/}}" "$@"; done
    for one; do
        [ ! -f "$one/path" ] || bring_one_back "$one" || return {FAILED}
    done
}}

bring_one_back() (
    path=$(cat "$1/path")
    folder_of "$path" no || exit 0
    if [ -h "./$name" ] || [ -e "./$name" ]; then exit 0; fi
    if [ -e "$1/thing" ]; then
        mv -T "$1/thing" "./$name" || exit
    elif [ -f "$1/beside" ] && [ -e "./$(cat "$1/beside")" ]; then
        mv -T "./$(cat "$1/beside")" "./$name" || exit
    fi
    rm -rf "$1"
    [ ! -e "./$name" ] || say "{PUT_BACK}$path."
    durable .
)

# Whether a file could be put into the place $1.
may() (
    code=0
    folder_of "$1" no || code=$?
    [ "$code" -lt {HIDDEN} ] && [ -w . ]
)

# Does what the lines of standard input say: a word, a release's folder, a mode, a path.
do_jobs() {{
    failed=0
    while IFS= read -r path; do
        # A path may begin and end with spaces.
        word=${{path%% *}} path=${{path#* }}
        folder=${{path%% *}} path=${{path#* }}
        mode=${{path%% *}} path=${{path#* }}
        case $word in
            place) place "$folder" "$mode" "$path" other ;;
            gone) gone "$path" ;;
            may) may "$path" ;;
            back) bring_back ;;
        esac || {{
            failed=1
            say "Could not reach $path."
        }}
    done
    return "$failed"
}}
"""

_HELPER_OPTIONS = """\
--rm --interactive --user 0:0 --userns host --network none --read-only --cap-drop ALL --cap-add CHOWN
--cap-add DAC_OVERRIDE --cap-add FOWNER --security-opt no-new-privileges --security-opt label=disable"""

#: Does the jobs of standard input for the stack $1, with PLACING in $placing. A folder that a container has taken over
#: belongs to another user, and who deploys is not root; but a container with nothing in it but the host's shell may
#: write there. It sees the stack's folder alone, so a link that leads out of it leads nowhere.
AS_ROOT = f"""\
as_root() {{
    image=slipway-nothing:$$
    dd if=/dev/zero bs=512 count=2 2>/dev/null | docker import - "$image" >/dev/null || return
    set -- --label com.docker.compose.project="$1" --label com.docker.compose.oneoff=True --label io.slipway.hook=files
    for one in /bin /lib /lib64 /usr; do
        [ ! -d "$one" ] || set -- "$@" --volume "$one:$one:ro"
    done
    code=0
    docker run {" ".join(_HELPER_OPTIONS.split())} \\
        --volume "$stack_dir:/stack" "$@" --workdir / --entrypoint /bin/sh "$image" -c "umask 022
stack_dir=/stack
$placing
do_jobs" || code=$?
    docker image rm --force "$image" >/dev/null 2>&1 || true
    return "$code"
}}
"""
