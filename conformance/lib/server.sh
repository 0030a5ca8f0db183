# The one server that a client suite talks to: Lintel, or a real Keystone, which proves the suite.
# To be sourced after peers.sh.
#
#	server_options "$@"       reads --db sqlite|mariadb|postgresql and --server lintel|keystone into $db, $server
#	server_start [MORE]       needs $db's server started; sets it up with MORE added to keystone.conf, serves
#	                          it on $PORT and exports OS_* for the admin
#	as_admin METHOD PATH [BODY]  sends a request with the admin's token and prints the answer's body

server_options() {
	db=sqlite server=lintel
	while [ $# -gt 0 ]; do
		case $1 in
		--db) db=${2:?} ;;
		--server) server=${2:?} ;;
		*) die "unknown argument $1" ;;
		esac
		shift 2
	done
	case $server in lintel | keystone) ;; *) die "no server is called $server" ;; esac
}

# server_needs prints what the server under test needs installed.
server_needs() { if [ "$server" = keystone ]; then echo keystone "$db"; else echo "$db"; fi; }

server_start() {
	local dir=$WORK/server.d
	PORT=$(free_port)
	keystone_conf "$dir" "$(db_create keystone)" "${1:-}"
	export OS_AUTH_URL=http://127.0.0.1:$PORT/v3 OS_IDENTITY_API_VERSION=3 OS_REGION_NAME=RegionOne \
		OS_USERNAME=admin OS_PASSWORD=$ADMIN_PASSWORD OS_USER_DOMAIN_NAME=Default \
		OS_PROJECT_NAME=admin OS_PROJECT_DOMAIN_NAME=Default
	case $server in
	keystone)
		keystone_setup "$dir" "$OS_AUTH_URL"
		keystone_start server "$dir" "$PORT"
		;;
	lintel)
		lintel_build
		MANAGE="$WORK/lintel manage"
		keystone_setup "$dir" "$OS_AUTH_URL"
		lintel_start server "$dir" "$PORT"
		;;
	esac
}

as_admin() {
	if [ -z "${ADMIN_TOKEN:-}" ]; then
		ADMIN_TOKEN=$(curl -fsS -o "$WORK/token.json" -D - -H 'Content-Type: application/json' "$OS_AUTH_URL/auth/tokens" -d '
			{"auth": {"identity": {"methods": ["password"], "password": {"user":
				{"name": "admin", "password": "'"$ADMIN_PASSWORD"'", "domain": {"id": "default"}}}},
			"scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}}' |
			tr -d '\r' | sed -n 's/^x-subject-token: //Ip')
	fi
	curl -fsS -X "$1" -H "X-Auth-Token: $ADMIN_TOKEN" -H 'Content-Type: application/json' "$OS_AUTH_URL$2" ${3:+-d "$3"}
}

# json EXPRESSION prints a part of the JSON on standard input, such as d["user"]["id"].
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
