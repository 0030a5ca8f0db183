# The data set of bench/run, made by SQL: what takes an API hours takes a database a minute. To be sourced, after peers.sh.
#
#	data_fill DATABASE USERS PROJECTS GRANTS ENDPOINTS    all but endpoints in thousands; grants are 10 a user, on projects of
#	                                                      trees of a thousand
#	data_revoke DATABASE EVENTS                           so many thousand revocation events, young ones that end nothing
#
# Ids tell the kind by their first two characters and the number by their last seven: aa users, bb projects, cc domains, dd
# groups, ab roles, ef services, ee endpoints. load/plan.go knows them.

# bulk SQL DATABASE runs statements without checks of keys, in one dialect: names in ", texts joined by ||.
bulk() {
	case $DB in
	mariadb) db_sql "SET SESSION sql_mode = 'ANSI', foreign_key_checks = 0, unique_checks = 0; $1" "$2" ;;
	*) db_sql "$1" "$2" ;;
	esac
}

# part NAME DATABASE SQL runs one step, unless an earlier run did, and says how long it took.
part() {
	local begin=$SECONDS
	[ ! -e "$WORK/filled-$2-$1" ] || return 0
	bulk "$3" "$2" >/dev/null
	touch "$WORK/filled-$2-$1"
	say "$2: $1 after $((SECONDS - begin)) s"
}

data_fill() {
	local db=$1 users=$2 projects=$3 grants=$4 services=$(($5 / 10)) now today hash zeros from
	now=$(date -u '+%Y-%m-%d %H:%M:%S') today=$(date -u +%Y-%m-%d)
	hash='$2b$12$si0pzZlERVxbN8yrQfj1cue9d4mzv0RdoPmC6h2ZhNfwPg5tCygzS' # of correct-horse
	zeros=00000000000000000000000
	# The numbers below a thousand, each with the one above it in a tree in which everyone has eight below.
	part numbers "$db" "DROP TABLE IF EXISTS bench_n; CREATE TABLE bench_n (i INTEGER NOT NULL PRIMARY KEY, up INTEGER NOT NULL);
		INSERT INTO bench_n VALUES $(seq 0 999 | awk '{ printf("%s(%d, %d)", $1 ? ", " : "", $1, $1 ? int(($1 - 1) / 8) : 0) }')"
	part domains "$db" "INSERT INTO project (id, name, enabled, domain_id, is_domain, extra)
		SELECT 'cc$zeros' || (1000000 + i), 'domain-' || i, TRUE, '<<keystone.domain.root>>', TRUE, '{}' FROM bench_n WHERE i < 10"
	part roles "$db" "INSERT INTO role (id, name, domain_id, extra)
		SELECT 'ab$zeros' || (1000000 + i), 'role-' || i, '<<null>>', '{}' FROM bench_n WHERE i < 10"
	part projects "$db" "INSERT INTO project (id, name, enabled, domain_id, parent_id, is_domain, extra, description)
		SELECT 'bb$zeros' || (1000000 + b.i * 1000 + a.i), 'project-' || (b.i * 1000 + a.i), TRUE, 'cc$zeros' || (1000000 + b.i % 10),
		CASE WHEN a.i = 0 THEN 'cc$zeros' || (1000000 + b.i % 10) ELSE 'bb$zeros' || (1000000 + b.i * 1000 + a.up) END, FALSE, '{}', ''
		FROM bench_n a CROSS JOIN bench_n b WHERE b.i < $projects"
	part users "$db" "INSERT INTO \"user\" (id, enabled, domain_id, extra, created_at, last_active_at)
		SELECT 'aa$zeros' || (1000000 + b.i * 1000 + a.i), TRUE, 'cc$zeros' || (1000000 + b.i % 10), '{}', '$now', '$today'
		FROM bench_n a CROSS JOIN bench_n b WHERE b.i < $users"
	part names "$db" "INSERT INTO local_user (id, user_id, domain_id, name, failed_auth_count)
		SELECT 1000000 + b.i * 1000 + a.i, 'aa$zeros' || (1000000 + b.i * 1000 + a.i), 'cc$zeros' || (1000000 + b.i % 10),
		'user-' || (b.i * 1000 + a.i), 0 FROM bench_n a CROSS JOIN bench_n b WHERE b.i < $users"
	part passwords "$db" "INSERT INTO password (id, local_user_id, self_service, password_hash, created_at_int, created_at)
		SELECT 1000000 + b.i * 1000 + a.i, 1000000 + b.i * 1000 + a.i, FALSE, '$hash', $(date +%s)000000, '$now'
		FROM bench_n a CROSS JOIN bench_n b WHERE b.i < $users"
	part groups "$db" "INSERT INTO \"group\" (id, domain_id, name, description, extra)
		SELECT 'dd$zeros' || (1000000 + i), 'cc$zeros' || (1000000 + i % 10), 'group-' || i, '', '{}' FROM bench_n"
	part memberships "$db" "INSERT INTO user_group_membership (user_id, group_id)
		SELECT 'aa$zeros' || (1000000 + b.i * 1000 + a.i), 'dd$zeros' || (1000000 + a.i)
		FROM bench_n a CROSS JOIN bench_n b WHERE b.i < $users"
	for ((from = 0; from < grants; from += 100)); do
		part "assignments-$from" "$db" "INSERT INTO assignment (type, actor_id, target_id, role_id, inherited)
			SELECT 'UserProject', 'aa$zeros' || (1000000 + (b.i % $users) * 1000 + a.i),
			'bb$zeros' || (1000000 + ((b.i * 7 + a.i * 13) % $projects) * 1000 + (a.i * 17 + b.i) % 1000), 'ab$zeros' || (1000000 + (a.i + b.i) % 10), FALSE
			FROM bench_n a CROSS JOIN bench_n b WHERE b.i >= $from AND b.i < $((from + 100 < grants ? from + 100 : grants))"
	done
	part services "$db" "INSERT INTO region (id, description, extra) SELECT 'region-' || i, '', '{}' FROM bench_n WHERE i < 5;
		INSERT INTO service (id, type, enabled, extra)
		SELECT 'ef$zeros' || (1000000 + i), 'type-' || i, TRUE, '{\"name\": \"service-' || i || '\"}' FROM bench_n WHERE i < $services"
	part endpoints "$db" "INSERT INTO endpoint (id, interface, service_id, url, enabled, region_id, extra)
		SELECT 'ee$zeros' || (1000000 + b.i * $services + a.i), CASE WHEN b.i < 5 THEN 'public' ELSE 'internal' END, 'ef$zeros' || (1000000 + a.i),
		'http://service-' || a.i || '.region-' || (b.i % 5) || '.example' || CASE WHEN a.i % 10 = 0 THEN '/v1/\$(project_id)s' ELSE '/v2' END,
		TRUE, 'region-' || (b.i % 5), '{}' FROM bench_n a CROSS JOIN bench_n b WHERE a.i < $services AND b.i < 10"
	if [ "$DB" = postgresql ]; then
		part statistics "$db" 'ANALYZE'
	else
		part statistics "$db" 'ANALYZE TABLE assignment, project, "user", local_user, password, user_group_membership, endpoint'
	fi
}

data_revoke() {
	local now later
	if [ -n "$(find "$WORK/filled-$1-revocations" -mmin +30 2>/dev/null)" ]; then # too old to count for all tokens of this run
		db_sql 'TRUNCATE TABLE revocation_event' "$1"
		rm "$WORK/filled-$1-revocations"
	fi
	now=$(date -u '+%Y-%m-%d %H:%M:%S') later=$(date -u -d '+1 hour' '+%Y-%m-%d %H:%M:%S') # they are younger than every token
	part revocations "$1" "INSERT INTO revocation_event (user_id, project_id, audit_id, audit_chain_id, trust_id, issued_before, revoked_at)
		SELECT CASE WHEN a.i % 5 = 0 THEN 'u' || (b.i * 1000 + a.i) END, CASE WHEN a.i % 5 = 1 THEN 'p' || (b.i * 1000 + a.i) END,
		CASE WHEN a.i % 5 = 2 THEN 'a' || (b.i * 1000 + a.i) END, CASE WHEN a.i % 5 = 3 THEN 'c' || (b.i * 1000 + a.i) END,
		CASE WHEN a.i % 5 = 4 THEN 't' || (b.i * 1000 + a.i) END, '$later', '$now' FROM bench_n a CROSS JOIN bench_n b WHERE b.i < $2"
}
