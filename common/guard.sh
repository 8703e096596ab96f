# The guard of a run (see run.py): sh guard.sh FOLDER PID
# Until its input ends, with that process, it reads what to remove (paths) and to kill (pids).
exec >/dev/null 2>&1
folder=$1 pid=$2 pids=
shift 2
while IFS= read -r line; do
    case $line in
    /*) set -- "$@" "$line" ;;
    *) pids="$pids $line" ;;
    esac
done
[ -z "$pids" ] || kill -9 $pids
for name in mp pym sem.mp sem.loky; do # what bears the process's pid
    set -- "$@" /dev/shm/$name-"$pid"-*
done
exec rm -rf "$folder" "$@"
