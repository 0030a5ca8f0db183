# The real parts that the suites talk to: databases, memcached, Keystone and Lintel itself.
# To be sourced by bash. A suite is an executable suites/NAME/run [--db DATABASE], which calls
#
#	peers_need keystone mariadb     installs what is missing (see the case there for the names)
#	peers_begin [FOLDER]            makes $WORK; when the script ends, all that was started is
#	                                ended and $WORK is removed (KEEP=1 leaves it). A FOLDER is
#	                                taken as it is, and left
#	db_start mariadb                then: url=$(db_create keystone)
#	keystone_conf DIR URL [MORE]    writes DIR/keystone.conf; MORE is text to add to it
#	keystone_setup DIR              keys, schema and bootstrap by keystone-manage, or by $MANAGE
#	keystone_start NAME DIR PORT    gunicorn, WORKERS (2) processes of one thread each, $WSGI_APP for another application
#	lintel_build                    once, to $WORK/lintel
#	lintel_start NAME DIR PORT      the same configuration file, served by Lintel
#	count COMMAND…                  runs a part that ends with counts of its own, and adds them up
#	tally PASSED FAILED SKIPPED     prints the closing line; fails if anything failed or nothing passed
#
# Started processes have a NAME: their output is in $WORK/NAME.log, their pid in ${PID[NAME]}.

PEERS=${LINTEL_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/lintel-peers}
REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ADMIN_PASSWORD=bootstrap-secret
declare -A PID=()
declare -a STARTED=()

say() { printf '%s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

# peers_need installs each named peer unless it is there already. Only installs are retried.
peers_need() {
	local name
	mkdir -p "$PEERS"
	exec {peers_lock}>"$PEERS/.lock"
	flock "$peers_lock"
	for name; do
		case $name in
		keystone)
			venv_ready keystone && continue
			need_packages python3-venv python3-dev gcc libldap2-dev libsasl2-dev
			make_venv keystone
			;;
		clients)
			venv_ready clients && continue
			need_packages python3-venv
			make_venv clients
			;;
		swift)
			[ -x "$PEERS/swift/python" ] || unpack_packages swift swift-proxy swift-account swift-container swift-object python3-keystonemiddleware
			;;
		glance) [ -x "$PEERS/glance/python" ] || unpack_packages glance glance-api ;;
		horizon) # only for the policies in it, and openstack_auth, by which it logs in, on what the clients do not have of that
			[ -d "$PEERS/horizon/openstack_dashboard" ] && [ -d "$PEERS/horizon/django" ] && continue
			need_packages python3-pip
			retry python3 -m pip install -q --no-deps --upgrade --target "$PEERS/horizon" horizon==26.0.0 Django==5.2.19 asgiref==3.13.0 sqlparse==0.6.1 oslo.policy==6.0.1 ||
				die 'cannot install horizon'
			;;
		chromium) command -v chromium >/dev/null || need_packages chromium ;;
		axe) # axe-core, which judges pages
			[ -f "$PEERS/axe/node_modules/axe-core/axe.min.js" ] && continue
			command -v npm >/dev/null || need_packages npm
			retry npm install --silent --no-audit --no-fund --prefix "$PEERS/axe" axe-core@4.14.1 || die 'cannot install axe-core'
			;;
		mariadb) [ -x /usr/sbin/mariadbd ] || need_packages mariadb-server ;;
		postgresql) [ -n "$(postgresql_bin)" ] || need_packages postgresql ;;
		rabbitmq) [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || need_packages rabbitmq-server ;;
		memcached) command -v memcached >/dev/null || need_packages memcached ;;
		xmlsec1) command -v xmlsec1 >/dev/null && command -v openssl >/dev/null || need_packages xmlsec1 openssl ;;
		sqlite) ;;
		*) die "no peer is called $name" ;;
		esac
	done
	for name in curl setsid; do
		command -v $name >/dev/null || need_packages curl util-linux
	done
	flock -u "$peers_lock"
}

need_packages() {
	say "installing $*"
	retry $(as_root) apt-get update -qq
	retry $(as_root) env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "$@" >/dev/null
}

# venv_ready NAME tells whether $PEERS/NAME holds what NAME.txt beside this file lists.
venv_ready() { cmp -s "$REPO/conformance/lib/$1.txt" "$PEERS/$1/installed.txt"; }

# make_venv makes $PEERS/NAME from NAME.txt, or brings it up to date.
make_venv() {
	say "installing $1 into $PEERS"
	rm -f "$PEERS/$1/installed.txt"
	[ -x "$PEERS/$1/bin/pip" ] || python3 -m venv --clear "$PEERS/$1"
	retry "$PEERS/$1/bin/pip" install -q -r "$REPO/conformance/lib/$1.txt" || die "cannot install $1"
	cp "$REPO/conformance/lib/$1.txt" "$PEERS/$1/installed.txt"
}

# unpack_packages NAME PACKAGE… unpacks Debian's packages, with those that they depend on and this machine lacks, into
# $PEERS/NAME, where the script python is Debian's python3 that finds them. Installed they would start their services
# and bring a systemd.
unpack_packages() {
	local name=$1 temporary=$PEERS/$1.new
	shift
	[ -x /usr/bin/python3 ] && command -v dpkg-deb >/dev/null || die "$name needs Debian's python3"
	say "unpacking $* into $PEERS"
	retry $(as_root) apt-get update -qq
	rm -rf "$temporary"
	mkdir -p "$temporary/root" "$temporary/packages"
	apt-get install -s --no-install-recommends "$@" | awk '/^Inst/ { print $2 }' >"$temporary/list"
	(cd "$temporary/packages" && retry xargs -a ../list apt-get -o APT::Sandbox::User= download -qq) >/dev/null || die "cannot download $name"
	for package in "$temporary"/packages/*.deb; do
		dpkg-deb -x "$package" "$temporary/root" || die "cannot unpack $package"
	done
	cat >"$temporary/root/python" <<-'SCRIPT'
		#!/bin/bash
		usr=$(dirname "$0")/usr
		libraries=("$usr"/lib/*-linux-gnu)
		exec env PYTHONPATH="$usr/lib/python3/dist-packages" LD_LIBRARY_PATH="${libraries[0]}" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$@"
	SCRIPT
	chmod +x "$temporary/root/python"
	mv "$temporary/root" "$PEERS/$name"
	rm -rf "$temporary"
}

as_root() { [ "$(id -u)" = 0 ] || echo sudo; }

retry() {
	local n
	for n in 1 2 3; do
		"$@" </dev/null && return
		say "try $n failed: $*"
		sleep $((n * 5))
	done
	return 1
}

peers_begin() {
	if [ -n "${1:-}" ]; then
		WORK=$1 KEEP=1
		mkdir -p "$WORK"
	else
		WORK=$(mktemp -d "${TMPDIR:-/tmp}/lintel-suite.XXXXXX")
	fi
	chmod 755 "$WORK"
	trap peers_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

peers_end() {
	local status=$? i
	trap - EXIT
	for ((i = ${#STARTED[@]} - 1; i >= 0; i--)); do
		stop "${STARTED[i]}"
	done
	if [ -n "${KEEP:-}" ]; then
		say "kept: $WORK"
	else
		rm -rf "$WORK"
	fi
	exit "$status"
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start NAME COMMAND… runs it in a process group of its own.
start() {
	local name=$1
	shift
	setsid "$@" >"$WORK/$name.log" 2>&1 </dev/null &
	PID[$name]=$!
	STARTED+=("$name")
}

# stop NAME ends its process group: politely, and after ten seconds not so.
stop() {
	local pid=${PID[$1]:-} n
	[ -n "$pid" ] || return 0
	unset "PID[$1]"
	kill -TERM -- "-$pid" 2>/dev/null || return 0
	for ((n = 0; n < 100; n++)); do
		kill -0 -- "-$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL -- "-$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

# await NAME SECONDS COMMAND… returns once COMMAND succeeds; it fails when NAME ends before that,
# or at the limit, with the end of its log.
await() {
	local name=$1 limit=$((SECONDS + $2))
	shift 2
	until "$@" >/dev/null 2>&1; do
		if ! kill -0 "${PID[$name]}" 2>/dev/null || [ $SECONDS -ge $limit ]; then
			tail -n 30 "$WORK/$name.log" >&2
			die "$name is not ready"
		fi
		sleep 0.1
	done
}

# as_owner USER COMMAND… runs COMMAND as USER when we are root, since the database servers refuse
# to run as root; else as ourselves.
as_owner() {
	local user=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		set -- setpriv --reuid="$user" --regid="$user" --init-groups "$@"
	fi
	(cd / && exec "$@")
}

# db_start sqlite|mariadb|postgresql starts a server of our own, on a port and in a folder of its own.
# One that an earlier run left in its folder goes on. It sets DB.
db_start() {
	local dir=$WORK/$1
	DB=$1
	[ "$DB" = sqlite ] && return
	DB_PORT=$(free_port)
	mkdir -p "$dir"
	case $DB in
	mariadb)
		[ "$(id -u)" != 0 ] || chown mysql "$dir"
		[ -e "$dir/ibdata1" ] || as_owner mysql mariadb-install-db --no-defaults --datadir="$dir" --skip-test-db \
			--auth-root-authentication-method=normal >"$WORK/db-init.log" 2>&1 || die "mariadb-install-db: $(tail "$WORK/db-init.log")"
		start mariadb "$(type -P setpriv)" $(owner_flags mysql) /usr/sbin/mariadbd --no-defaults \
			--datadir="$dir" --socket="$dir/socket" --pid-file="$dir/pid" --bind-address=127.0.0.1 --port="$DB_PORT" \
			--max-connections=500 --innodb-flush-log-at-trx-commit=2
		await mariadb 60 db_sql 'SELECT 1'
		;;
	postgresql)
		[ "$(id -u)" != 0 ] || chown postgres "$dir"
		[ -e "$dir/PG_VERSION" ] || as_owner postgres "$(postgresql_bin)/initdb" -D "$dir" -U root -E UTF8 --locale=C --auth=trust \
			>"$WORK/db-init.log" 2>&1 || die "initdb: $(tail "$WORK/db-init.log")"
		start postgresql "$(type -P setpriv)" $(owner_flags postgres) "$(postgresql_bin)/postgres" -D "$dir" \
			-c listen_addresses=127.0.0.1 -c port="$DB_PORT" -c unix_socket_directories= -c max_connections=500 \
			-c synchronous_commit=off
		await postgresql 60 db_sql 'SELECT 1'
		;;
	*) die "no database is called $DB" ;;
	esac
}

owner_flags() {
	if [ "$(id -u)" = 0 ]; then
		echo "--reuid=$1 --regid=$1 --init-groups"
	else
		echo --no-new-privs
	fi
}

postgresql_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1; }

# db_sql STATEMENT [DATABASE] runs SQL on the started server and prints bare rows.
db_sql() {
	case $DB in
	mariadb) mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P "$DB_PORT" -u root -BN -e "$1" ${2:+"$2"} ;;
	postgresql) psql -X -h 127.0.0.1 -p "$DB_PORT" -U root -qAt -v ON_ERROR_STOP=1 -c "$1" "${2:-postgres}" ;;
	sqlite) python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[2]).execute(sys.argv[1]): print(*row, sep="\t")' "$1" "$WORK/$2.sqlite" ;;
	esac
}

# db_create NAME makes an empty database and prints its URL as SQLAlchemy, and so keystone.conf, spells it.
db_create() {
	case $DB in
	sqlite) echo "sqlite:///$WORK/$1.sqlite" ;;
	mariadb)
		db_sql "CREATE DATABASE IF NOT EXISTS \`$1\` CHARACTER SET utf8mb3; GRANT ALL ON \`$1\`.* TO 'keystone'@'127.0.0.1' IDENTIFIED BY 'secret'"
		echo "mysql+pymysql://keystone:secret@127.0.0.1:$DB_PORT/$1?charset=utf8"
		;;
	postgresql)
		[ -n "$(db_sql "SELECT 1 FROM pg_database WHERE datname = '$1'")" ] || db_sql "CREATE DATABASE \"$1\""
		echo "postgresql+psycopg2://root:secret@127.0.0.1:$DB_PORT/$1"
		;;
	esac
}

# memcached_start sets MEMCACHED to its address.
memcached_start() {
	MEMCACHED=127.0.0.1:$(free_port)
	local user=
	[ "$(id -u)" != 0 ] || user='-u nobody'
	start memcached memcached -l 127.0.0.1 -p "${MEMCACHED#*:}" -U 0 $user
	await memcached 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/${MEMCACHED#*:}"
}

# rabbitmq_start starts a broker with the user guest and durable data in $WORK/rabbitmq; after a stop it starts the
# same again. It sets RABBITMQ to its address.
rabbitmq_start() {
	local dir=$WORK/rabbitmq
	if [ -z "${RABBITMQ:-}" ]; then
		RABBITMQ=127.0.0.1:$(free_port) RABBITMQ_DIST=$(free_port)
		export ERL_EPMD_PORT=$(free_port) ERL_EPMD_ADDRESS=127.0.0.1
		mkdir -p "$dir"
		printf '%s\n' "listeners.tcp.default = $RABBITMQ" 'log.console.level = warning' \
			>"$dir/rabbitmq.conf"
		echo '[].' >"$dir/enabled_plugins"
		# The Erlang node would start a port mapper that outlives it.
		start epmd epmd
		await epmd 10 epmd -names
		[ "$(id -u)" != 0 ] || chown -R rabbitmq "$dir"
	fi
	start rabbitmq "$(type -P setpriv)" $(owner_flags rabbitmq) env -C "$dir" HOME="$dir" RABBITMQ_NODENAME=lintel@localhost \
		RABBITMQ_DIST_PORT="$RABBITMQ_DIST" RABBITMQ_MNESIA_BASE="$dir/data" RABBITMQ_LOG_BASE="$dir/log" \
		RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" RABBITMQ_LOGS=- \
		/usr/lib/rabbitmq/bin/rabbitmq-server
	await rabbitmq 90 bash -c "exec 3<>/dev/tcp/${RABBITMQ/:/\/}"
}

# kill_hard NAME ends its process group as a power failure would.
kill_hard() {
	local pid=${PID[$1]}
	unset "PID[$1]"
	while kill -KILL -- "-$pid" 2>/dev/null; do sleep 0.1; done
	wait "$pid" 2>/dev/null || true
}

# keystone_conf DIR URL [MORE] writes DIR/keystone.conf, which both Keystone and Lintel read: keys in DIR, the
# methods that the tests need, cheap password hashes. A section in MORE that is here already adds to it.
keystone_conf() {
	mkdir -p "$1"
	cat >"$1/keystone.conf" <<-CONF
		[database]
		connection = $2
		[fernet_tokens]
		key_repository = $1/fernet-keys
		[fernet_receipts]
		key_repository = $1/receipt-keys
		[credential]
		key_repository = $1/credential-keys
		[auth]
		methods = external,password,token,oauth1,mapped,application_credential,totp,ec2credential
		[identity]
		password_hash_rounds = 4
		[oslo_policy]
		policy_file = $1/policy.yaml
		${3:-}
	CONF
	[ -e "$1/policy.yaml" ] || echo '{}' >"$1/policy.yaml"
}

# keystone_manage DIR ARGUMENT… is upstream's command on DIR's configuration, or $MANAGE instead of it.
keystone_manage() {
	local dir=$1
	shift
	${MANAGE:-"$PEERS/keystone/bin/keystone-manage"} --config-file "$dir/keystone.conf" "$@" >>"$dir/manage.log" 2>&1 || {
		tail -n 30 "$dir/manage.log" >&2
		die "keystone-manage $1 failed"
	}
}

# keystone_setup DIR [URL] makes keys, schema and the first admin, whose password is $ADMIN_PASSWORD; URL is
# that of the identity endpoint in the catalog.
keystone_setup() {
	local owner=(--keystone-user "$(id -un)" --keystone-group "$(id -gn)")
	keystone_manage "$1" fernet_setup "${owner[@]}"
	keystone_manage "$1" receipt_setup "${owner[@]}"
	keystone_manage "$1" credential_setup "${owner[@]}"
	keystone_manage "$1" db_sync
	keystone_manage "$1" bootstrap --bootstrap-password "$ADMIN_PASSWORD" --bootstrap-region-id RegionOne \
		--bootstrap-public-url "${2:-http://127.0.0.1:5000/v3}" --bootstrap-internal-url "${2:-http://127.0.0.1:5000/v3}" \
		--bootstrap-admin-url "${2:-http://127.0.0.1:5000/v3}"
}

# keystone_start serves DIR's configuration on 127.0.0.1:PORT. Processes of one thread each, since a Keystone
# process with several threads refuses some concurrent requests wrongly. gunicorn gets no arguments:
# Keystone would take them for its own. It believes headers about the environment: see front.py.
keystone_start() {
	mkdir -p "$WORK/$1"
	cat >"$WORK/$1/gunicorn.conf.py" <<-CONF
		wsgi_app = "${WSGI_APP:-front:application}"
		bind = "127.0.0.1:$3"
		workers = ${WORKERS:-2}
		keepalive = 60
		timeout = 120
		worker_class = "${WORKER_CLASS:-sync}"
		threads = 1
	CONF
	start "$1" env -C "$WORK/$1" PYTHONPATH="${PYTHONPATH:+$PYTHONPATH:}$REPO/conformance/lib" PYTHONDONTWRITEBYTECODE=1 OS_KEYSTONE_CONFIG_FILES="$2/keystone.conf" "$PEERS/keystone/bin/gunicorn"
	await "$1" 90 curl -fs -o "$WORK/$1/ready" "http://127.0.0.1:$3/v3"
}

lintel_build() {
	(cd "$REPO" && go build -o "$WORK/lintel" ./cmd/lintel) || die "lintel does not build"
}

lintel_start() {
	start "$1" "$WORK/lintel" serve --config-file "$2/keystone.conf" --listen "127.0.0.1:$3"
	await "$1" 15 curl -fs -o "$WORK/$1.ready" "http://127.0.0.1:$3/v3"
}

# count COMMAND… shows what COMMAND prints but for its closing line, whose counts it adds to $PASSED, $FAILED and
# $SKIPPED.
count() {
	local last
	: "${PASSED:=0}" "${FAILED:=0}" "${SKIPPED:=0}"
	"$@" >"$WORK/counted" || true
	head -n -1 "$WORK/counted"
	last=$(tail -n 1 "$WORK/counted")
	[[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]] || die "$last
no counts from $1"
	PASSED=$((PASSED + BASH_REMATCH[1])) FAILED=$((FAILED + BASH_REMATCH[2])) SKIPPED=$((SKIPPED + BASH_REMATCH[3]))
}

# tally prints the counts that every suite ends with.
tally() {
	echo "$1 passed, $2 failed, $3 skipped"
	[ "$2" -eq 0 ] && [ "$1" -gt 0 ]
}
