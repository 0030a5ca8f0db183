package config

// foreignOptions are options that a Keystone reads and Lintel has no use for.
type foreignOptions struct {
	group   string
	options []string // nil: the whole group
	why     string
}

var foreign = []foreignOptions{
	{"DEFAULT", []string{"watch_log_file"}, "a log file is always followed through rotation"},
	{"DEFAULT", []string{"log_rotate_interval", "log_rotate_interval_type", "max_logfile_count", "max_logfile_size_mb", "log_rotation_type"}, "rotate with logrotate; the file is followed"},
	{"DEFAULT", []string{"use_syslog", "use_journal", "syslog_log_facility"}, "write to standard error and let the service manager collect it"},
	{"DEFAULT", []string{"log_date_format", "log_color", "logging_context_format_string", "logging_default_format_string", "logging_debug_format_suffix", "logging_exception_prefix", "logging_user_identity_format", "instance_format", "instance_uuid_format"}, "the log's format is fixed; use_json chooses JSON"},
	{"DEFAULT", []string{"default_log_levels"}, "it names Python's packages"},
	{"DEFAULT", []string{"publish_errors", "fatal_deprecations", "rate_limit_interval", "rate_limit_burst", "rate_limit_except_level"}, "there is nothing of the kind here"},
	{"DEFAULT", []string{"executor_thread_pool_size", "rpc_response_timeout", "rpc_ping_enabled"}, "Keystone's notifications do not use it"},
	{"database", []string{"backend", "asyncio_connection", "asyncio_slave_connection", "synchronous_reader", "connection_debug", "connection_trace", "use_db_reconnect", "db_retry_interval", "db_inc_retry_interval", "db_max_retry_interval", "min_pool_size", "mysql_enable_ndb", "use_tpool"}, "it steers SQLAlchemy"},
	{"cache", nil, "Lintel keeps its own cache; see [lintel] coherence"},
	{"oslo_middleware", []string{"http_basic_auth_user_file"}, "Keystone does not use it either"},
	{"oslo_middleware_tracing", nil, "no tracing"},
	{"oslo_messaging_rabbit", []string{"ssl_version"}, "TLS 1.2 is the least"},
	{"oslo_messaging_rabbit", []string{"ssl_enforce_fips_mode", "direct_mandatory_flag"}, "it has no effect any more"},
	{"oslo_messaging_rabbit", []string{"heartbeat_rate", "heartbeat_in_pthread"}, "half of heartbeat_timeout_threshold is the interval"},
	{"oslo_messaging_rabbit", []string{"rpc_conn_pool_size", "conn_pool_min_size", "conn_pool_ttl", "kombu_reconnect_delay", "kombu_reconnect_splay", "kombu_missing_consumer_retry_timeout", "kombu_reconnect_timeout", "rabbit_transient_quorum_queue", "rabbit_transient_queues_ttl", "rabbit_qos_prefetch_count", "enable_cancel_on_failover", "use_queue_manager", "hostname", "processname", "rabbit_stream_fanout", "default_notification_exchange", "default_notification_retry_attempts", "default_rpc_exchange", "default_reply_exchange"}, "Keystone's notifications do not use it"},
	{"oslo_messaging_kafka", nil, "there is no such transport"},
	{"oslo_messaging_metrics", nil, "metrics are at [lintel] admin_listen"},
	{"profiler", nil, "there is no osprofiler"},
	{"profiler_jaeger", nil, "there is no osprofiler"},
	{"profiler_otlp", nil, "there is no osprofiler"},
	{"memcache", nil, "Lintel keeps its own cache; see [lintel] coherence"},
	{"extra_headers", nil, "Keystone does not read it any more"},
	{"paste_deploy", nil, "there are no pipelines to put together"},
	{"eventlet_server", nil, "addresses are in [lintel] listen"},
	{"signing", nil, "PKI tokens are gone"},
}
