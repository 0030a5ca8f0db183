# What the suites of Tempest and of Keystone's plug-in for it share. To be sourced after peers.sh and server.sh.
#
#	tempest_run PREFIX [--only REGEX] [options of server.sh]
#
# runs the tests whose names begin with PREFIX, and match REGEX, two at a time.
# skipped.txt beside the suite lists the tests that skip themselves with a real Keystone too. Any other that does fails.

tempest_run() {
	local prefix=$1 only=. here status=0 passed failed skipped
	shift
	if [ "${1:-}" = --only ]; then
		only=$2
		shift 2
	fi
	here=$(cd "$(dirname "$0")" && pwd)
	server_options "$@"
	peers_need clients $(server_needs)
	peers_begin
	db_start "$db"
	# Some tests expect what is not there to be told apart from what is another's.
	server_start '[security_compliance]
lockout_failure_attempts = 2
lockout_duration = 5
unique_last_password_count = 2
[lintel]
tell_missing = true'

	mkdir "$WORK/tempest"
	cd "$WORK/tempest"
	tempest_conf >tempest.conf
	cat >.stestr.conf <<-CONF
		[DEFAULT]
		test_path=$("$PEERS/clients/bin/python" -c 'import os, tempest; print(os.path.dirname(tempest.__file__))')/test_discover
		top_dir=$("$PEERS/clients/bin/python" -c 'import os, tempest; print(os.path.dirname(os.path.dirname(tempest.__file__)))')
	CONF
	export TEMPEST_CONFIG_DIR=$PWD TEMPEST_CONFIG=tempest.conf
	"$PEERS/clients/bin/stestr" init
	"$PEERS/clients/bin/tempest" run --list-tests --regex "^$prefix" | grep "^$prefix" | grep -E "$only" >tests.txt
	"$PEERS/clients/bin/tempest" run --concurrency 2 --load-list tests.txt >"$WORK/run.log" 2>&1 || status=$?
	"$PEERS/clients/bin/stestr" last --subunit >last.subunit || true
	"$PEERS/clients/bin/python" "$REPO/conformance/lib/tempest.py" "$status" "$here/skipped.txt" >counts
	read -r passed failed skipped <counts
	[ "$passed" -gt 0 ] || tail -n 30 "$WORK/run.log"
	tally "$passed" "$failed" "$skipped"
}

# Federation's scenarios need an identity provider and web servers in front: they skip themselves.
tempest_conf() {
	cat <<-CONF
		[DEFAULT]
		log_file = $WORK/tempest.log
		[oslo_concurrency]
		lock_path = $WORK/tempest/lock
		[auth]
		use_dynamic_credentials = true
		admin_username = admin
		admin_password = $ADMIN_PASSWORD
		admin_project_name = admin
		admin_domain_name = Default
		admin_system = all
		[identity]
		auth_version = v3
		uri_v3 = $OS_AUTH_URL
		region = RegionOne
		v3_endpoint_type = public
		user_lockout_failure_attempts = 2
		user_lockout_duration = 5
		user_unique_last_password_count = 2
		[identity-feature-enabled]
		api_extensions = all
		security_compliance = true
		application_credentials = true
		access_rules = true
		trust = true
		federation = false
		external_idp = false
		# Without this, each test of a role skips itself.
		[enforce_scope]
		keystone = true
		[service_available]
		cinder = false
		glance = false
		horizon = false
		neutron = false
		nova = false
		swift = false
	CONF
}
