#!/bin/sh
# Goal: the pictures of docs/detectors.md are what the command draws today.
# Method: docs/pictures/draw.sh draws them anew; byte for byte the same. A changed picture must show as a control.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
MILLRACE=$MILLRACE_BUILD/millrace sh docs/pictures/draw.sh "$work" || exit 1
drawn=0
stale=0
for picture in docs/pictures/*.svg; do
    drawn=$((drawn + 1))
    cmp -s "$picture" "$work/${picture##*/}" || {
        stale=$((stale + 1))
        echo "$picture is stale: sh docs/pictures/draw.sh"
    }
done
echo x >>"$work/rcre.svg"
! cmp -s docs/pictures/rcre.svg "$work/rcre.svg" || stale=$((stale + 1))
echo "pictures drawn=$drawn stale=$stale"
[ "$stale" = 0 ] && [ "$drawn" = "$(grep -c '^draw [a-z]' docs/pictures/draw.sh)" ]
