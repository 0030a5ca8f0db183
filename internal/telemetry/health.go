package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Health answers /healthcheck as oslo.middleware's healthcheck does: 200, or 503 if something is wrong, 204 to a HEAD,
// with the reasons as text, HTML or JSON as Accept would have it. It asks for no token.
type Health struct {
	Checks []Check
	Now    func() time.Time

	HealthOptions
	disableByPort map[int]string
	sources       []netip.Prefix
}

// HealthOptions are those of [healthcheck].
type HealthOptions struct {
	Detailed       bool     // tell details too; they can give things away
	Backends       []string // which files count: disable_by_file, disable_by_files_ports, enable_by_files
	DisableByFile  string   // unavailable while this file exists
	DisableByFiles []string // the same, per port asked on: "port:path"
	EnableByFiles  []string // unavailable unless all of these exist
	SourceRanges   []string // CIDRs who may ask, if any are named; others get 404
	IgnoreProxied  bool     // answer 404 to what came through a proxy
}

// NewHealth returns a Health, or an error if the options contradict each other or name what there is not.
func NewHealth(o HealthOptions, checks ...Check) (*Health, error) {
	h := &Health{Checks: checks, Now: time.Now, HealthOptions: o, disableByPort: map[int]string{}}
	for _, b := range o.Backends {
		switch b {
		case "disable_by_file", "disable_by_files_ports", "enable_by_files":
		default:
			return nil, fmt.Errorf("[healthcheck] backends: there is no %q", b)
		}
	}
	if slices.Contains(o.Backends, "disable_by_file") && slices.Contains(o.Backends, "enable_by_files") {
		return nil, errors.New("[healthcheck] backends: enable_by_files and disable_by_file exclude each other")
	}
	for _, s := range o.DisableByFiles {
		text, path, _ := strings.Cut(s, ":")
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || path == "" {
			return nil, fmt.Errorf("[healthcheck] disable_by_file_paths: %q is not port:path", s)
		}
		h.disableByPort[int(port)] = path
	}
	for _, s := range o.SourceRanges {
		prefix, err := parsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("[healthcheck] allowed_source_ranges: %w", err)
		}
		h.sources = append(h.sources, prefix)
	}
	return h, nil
}

// Check is one thing that must work for the server to be of use, such as the database. Run returns an error while it
// does not; the client is told only the name.
type Check struct {
	Name string
	Run  func(context.Context) error
}

// result is a backend's or check's answer, with the words of oslo_middleware/healthcheck/*.py.
type result struct {
	Class   string `json:"class"`
	Details string `json:"details"`
	Reason  string `json:"reason"`
	down    bool
}

func (h *Health) results(r *http.Request) []result {
	all := []result{}
	add := func(down bool, reason, format string, args ...any) {
		all = append(all, result{"HealthcheckResult", fmt.Sprintf(format, args...), reason, down})
	}
	for _, b := range h.Backends {
		switch path := h.DisableByFile; b {
		case "disable_by_file":
			switch {
			case path == "":
				add(false, "OK", "No 'disable_by_file_path' configuration value specified")
			case exists(path):
				add(true, "DISABLED BY FILE", "Path '%s' was found", path)
			default:
				add(false, "OK", "Path '%s' was not found", path)
			}
		case "disable_by_files_ports":
			if path := h.disableByPort[port(r)]; path != "" && exists(path) {
				add(true, "DISABLED BY FILE", "")
			} else {
				add(false, "OK", "")
			}
		case "enable_by_files":
			missing := slices.IndexFunc(h.EnableByFiles, func(p string) bool { return !exists(p) })
			if missing >= 0 {
				add(true, "FILE PATH MISSING", "File path %s is missing", h.EnableByFiles[missing])
			} else {
				add(false, "OK", "Specified file paths are available")
			}
		}
	}
	// A check that passes adds nothing, so that the answer is what a Keystone without such checks gives.
	for _, c := range h.Checks {
		if c.Run(r.Context()) != nil {
			add(true, strings.ToUpper(c.Name)+" UNAVAILABLE", "")
		}
	}
	return all
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// port returns the port that the request came to.
func port(r *http.Request) int {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(interface{ String() string }); ok {
		if ap, err := netip.ParseAddrPort(a.String()); err == nil {
			return int(ap.Port())
		}
	}
	return 0
}

func (h *Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.answers(r) {
		http.NotFound(w, r)
		return
	}
	results := h.results(r)
	status := http.StatusOK
	if slices.ContainsFunc(results, func(x result) bool { return x.down }) {
		status = http.StatusServiceUnavailable
	}
	if r.Method == http.MethodHead {
		if status == http.StatusOK {
			status = http.StatusNoContent
		} else {
			w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
			w.Header().Set("Content-Length", "0")
		}
		w.WriteHeader(status)
		return
	}
	mediaType := accepted(r.Header.Values("Accept"), "text/plain", "text/html", "application/json")
	var body []byte
	switch mediaType {
	case "application/json":
		body = h.json(results)
	case "text/html":
		mediaType += "; charset=UTF-8"
		body = h.html(results)
	default:
		mediaType = "text/plain; charset=UTF-8"
		reasons := make([]string, len(results))
		for i, x := range results {
			reasons[i] = x.Reason
		}
		body = []byte(strings.Join(reasons, "\n"))
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func (h *Health) answers(r *http.Request) bool {
	if len(h.sources) > 0 {
		client := ClientAddr(r.Context())
		if !slices.ContainsFunc(h.sources, func(p netip.Prefix) bool { return p.Contains(client) }) {
			return false
		}
	}
	if h.IgnoreProxied {
		for _, name := range []string{"X-Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For", "X-Forwarded-Prefix"} {
			if r.Header.Get(name) != "" {
				return false
			}
		}
	}
	return true
}

// json renders as Python's json.dumps(indent=4, sort_keys=True).
func (h *Health) json(results []result) []byte {
	body := map[string]any{"detailed": h.Detailed}
	if h.Detailed {
		body["reasons"] = results
		body["now"] = h.now()
		body["platform"] = runtime.GOOS + "-" + runtime.GOARCH
		body["go_version"] = runtime.Version()
		body["goroutines"] = runtime.NumGoroutine()
	} else {
		reasons := []string{}
		for _, x := range results {
			reasons = append(reasons, x.Reason)
		}
		body["reasons"] = reasons
	}
	text, err := json.MarshalIndent(body, "", "    ")
	if err != nil {
		panic(err) // strings and numbers only
	}
	return text
}

func (h *Health) now() string { return h.Now().UTC().Format("2006-01-02 15:04:05.000000") }

func (h *Health) html(results []result) []byte {
	hostname, _ := os.Hostname()
	var b bytes.Buffer
	err := page.Execute(&b, map[string]any{
		"Detailed": h.Detailed, "Results": results, "Hostname": hostname, "Now": h.now(),
		"Platform": runtime.GOOS + "-" + runtime.GOARCH, "Version": runtime.Version(),
	})
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// page renders byte by byte what upstream's template does when there are no details.
var page = template.Must(template.New("").Parse(`<HTML>
<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>
<BODY>
{{if .Detailed}}<H1>Server status</H1>
<B>Server hostname:</B><PRE>{{.Hostname}}</PRE>
<B>Current time:</B><PRE>{{.Now}}</PRE>
<B>Go version:</B><PRE>{{.Version}}</PRE>
<B>Platform:</B><PRE>{{.Platform}}</PRE>
<HR></HR>{{end}}
<H2>Result of {{len .Results}} checks:</H2>
<TABLE bgcolor="#ffffff" border="1">
<TBODY>
<TR>
{{if .Detailed}}<TH>
Kind
</TH>
<TH>
Reason
</TH>
<TH>
Details
</TH>
{{else}}
<TH>
Reason
</TH>{{end}}
</TR>
{{range .Results}}<TR>
{{if $.Detailed}}<TD>{{.Class}}</TD>{{end}}
    <TD>{{.Reason}}</TD>
{{if $.Detailed}}<TD>{{.Details}}</TD>{{end}}
</TR>{{end}}
</TBODY>
</TABLE>
<HR></HR>

</BODY>
</HTML>`))

// accepted returns the offer that an Accept header likes best, the first of equals; "" if it takes none. No header, or
// one that cannot be read, takes anything (RFC 9110, 12.5.1).
func accepted(header []string, offers ...string) string {
	best, bestQ := "", 0.0
	ranges := split(header)
	for _, offer := range offers {
		q, specific := -1.0, -1
		for _, r := range ranges {
			name, params, _ := strings.Cut(r, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			kind, _, _ := strings.Cut(offer, "/")
			s := slices.Index([]string{"*/*", kind + "/*", offer}, name)
			if s > specific {
				q, specific = quality(params), s
			}
		}
		if len(ranges) == 0 {
			q = 1
		}
		if q > bestQ {
			best, bestQ = offer, q
		}
	}
	return best
}

func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(key, "q") {
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || q < 0 || q > 1 {
				return 1
			}
			return q
		}
	}
	return 1
}
