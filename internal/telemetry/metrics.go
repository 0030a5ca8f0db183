package telemetry

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// httpMetrics count requests by route, method and class of status.
type httpMetrics struct {
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec

	// Looking labels up costs more than counting, so each series is looked up once.
	mu     sync.Mutex
	series atomic.Pointer[map[seriesKey]*series]
}

type seriesKey struct{ route, method string }

type series struct {
	class   [5]prometheus.Counter // 1xx ... 5xx
	seconds prometheus.Observer
}

func (m *httpMetrics) init(reg *prometheus.Registry) {
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "lintel_http_requests_in_flight", Help: "Requests being served.",
	})
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "lintel_http_requests_total", Help: "Requests answered, by route, method and class of status.",
	}, []string{"route", "method", "status"})
	m.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "lintel_http_request_duration_seconds", Help: "Time from the request's header to the end of the answer.",
		Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"route", "method"})
	m.series.Store(&map[seriesKey]*series{})
	reg.MustRegister(m.inFlight, m.requests, m.seconds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

func (m *httpMetrics) observe(route, method string, status int, took time.Duration) {
	key := seriesKey{route, methodOf(method)}
	s := (*m.series.Load())[key]
	if s == nil {
		s = m.add(key)
	}
	class := min(max(status/100, 1), len(s.class))
	s.class[class-1].Inc()
	s.seconds.Observe(took.Seconds())
}

func (m *httpMetrics) add(key seriesKey) *series {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := *m.series.Load()
	if s := known[key]; s != nil {
		return s
	}
	s := &series{seconds: m.seconds.WithLabelValues(key.route, key.method)}
	for i, class := range []string{"1xx", "2xx", "3xx", "4xx", "5xx"} {
		s.class[i] = m.requests.WithLabelValues(key.route, key.method, class)
	}
	more := maps.Clone(known)
	more[key] = s
	m.series.Store(&more)
	return s
}

// Register adds another room's metrics, such as the depth of the hash queue. It panics if their names are taken.
func (t *Telemetry) Register(cs ...prometheus.Collector) { t.registry.MustRegister(cs...) }

// Metrics serves all metrics in Prometheus' text format. It needs no token: keep it on the admin listener.
func (t *Telemetry) Metrics() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{})
}
