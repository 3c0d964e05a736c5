#!/bin/sh
# Stands in for a host's Python: answers each call of the module `release` at once, as a host does whose work is done.
# A shell starts in a tenth of the time that Python takes, so that what is measured is the controller.
read -r size
# The code that a host would run comes first, then the call.
call=$(tail -c "+$((size + 1))")
digest=sha256:5555555555555555555555555555555555555555555555555555555555555555
id=7777777777777777777777777777777777777777777777777777777777777777
image=registry.example.com/scale/web
release=${call#*\"release\": \"}
release=${release%%\"*}
confirmed=false
case $call in *'"confirm": true'*) confirmed=true ;; esac

case $call in
*'"state": "resolved"'*)
  echo '{"changed": false, "images": {"'$image':1": "'$digest'"}, "summary": ["1 image resolved"]}'
  ;;
*'"state": "prepared"'*)
  echo '{"changed": true, "release": "'"$release"'", "unchanged": false, "current": null, "way_back": "nothing",' \
    '"pulled": ["'$image':1"], "reversible": true,' \
    '"diff": {"before": "release none", "after": "release '"$release"'"},' \
    '"summary": ["ready for release '"$release"': every image is here; the way back leads to nothing"]}'
  ;;
*'"state": "started"'*)
  echo '{"changed": true, "release": "'"$release"'", "confirmed": '$confirmed', "gate": {"passed": true, "duration_s": 2.1,' \
    '"failures": [], "checks": [], "notes": [], "observations": [{"service": "web", "name": "scale-web-1",' \
    '"id": "'$id'", "state": "running", "health": "healthy", "restarts": 0, "image": "'$image@$digest'",' \
    '"exit_code": 0}]}, "summary": ["web: 1 running and healthy", "health gate passed after 2.1 s"]}'
  ;;
*'"state": "renewed"'*)
  echo '{"changed": true, "summary": ["lease and guard renewed"]}'
  ;;
*'"state": "confirmed"'*)
  echo '{"changed": true, "release": "'"$release"'", "pruned": [], "summary": ["confirmed release '"$release"'"]}'
  ;;
*)
  echo '{"failed": true, "changed": false, "msg": "a stand-in is not asked for this"}'
  ;;
esac
