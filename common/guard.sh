# The guard of a run (see run.py): sh guard.sh FOLDER PID
# Until its input ends, with that process, it reads what to remove (paths), whom to kill (pids) and
# whose semaphores and segments of shared memory to remove, by their names (+pid).
exec >/dev/null 2>&1
folder=$1 pids= owners=$2
shift 2
while IFS= read -r line; do
    case $line in
    /*) set -- "$@" "$line" ;;
    +*) owners="$owners $line" ;;
    *) pids="$pids $line" ;;
    esac
done
[ -z "$pids" ] || kill -9 $pids
for pid in $owners; do
    for name in mp pym sem.mp sem.loky sem.joblib; do
        set -- "$@" /dev/shm/$name-"${pid#+}"-*
    done
done
exec rm -rf "$folder" "$@"
