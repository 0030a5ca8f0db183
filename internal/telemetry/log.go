package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// LogOptions are the logging options of [DEFAULT], as oslo.log reads them. With neither a file nor standard error asked
// for, the log goes to standard output.
type LogOptions struct {
	Debug        bool
	Quiet        bool   // warnings and errors only
	File, Dir    string // without File, Dir holds one named after Program
	Program      string
	Stderr, JSON bool
	ConfigAppend string // a Python logging file that takes the place of all of the above

	Out, Err io.Writer // standard output and error if nil
}

// Log is a logger and the files behind it.
type Log struct {
	*slog.Logger
	files   []*logFile
	streams map[io.Writer]*stream
}

// OpenLog opens the log that the options describe. Every line goes through the redaction of this package.
func OpenLog(o LogOptions) (*Log, error) {
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if o.Err == nil {
		o.Err = os.Stderr
	}
	sinks := o.sinks()
	if o.ConfigAppend != "" {
		text, err := os.ReadFile(o.ConfigAppend)
		if err != nil {
			return nil, fmt.Errorf("log_config_append: %w", err)
		}
		sinks = parsePythonLogging(string(text))
	}
	l := &Log{streams: map[io.Writer]*stream{}}
	var handlers fan
	for _, s := range sinks {
		var w io.Writer
		switch s.to {
		case toStderr:
			w = l.stream(o.Err)
		case toStdout:
			w = l.stream(o.Out)
		case toFile:
			f, err := openLogFile(s.path)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("log file: %w", err), l.Close())
			}
			l.files = append(l.files, f)
			w = f
		}
		if s.json {
			handlers = append(handlers, newJSONHandler(w, s.level))
		} else {
			handlers = append(handlers, newLineHandler(w, s.level))
		}
	}
	if len(handlers) == 1 {
		l.Logger = slog.New(handlers[0])
	} else {
		l.Logger = slog.New(handlers)
	}
	for _, s := range l.streams {
		s.mu.Lock()
		s.report = func(lost int) { l.Error("the log was not read, and records of it were lost", "records", lost) }
		s.mu.Unlock()
	}
	return l, nil
}

func (l *Log) stream(w io.Writer) *stream {
	if l.streams[w] == nil {
		l.streams[w] = newStream(w)
	}
	return l.streams[w]
}

// Reopen opens the log files anew, for a rotation that ends with a signal.
func (l *Log) Reopen() error {
	var errs []error
	for _, f := range l.files {
		errs = append(errs, f.reopen())
	}
	return errors.Join(errs...)
}

// Close writes what waits for standard output and error, and closes the log files.
func (l *Log) Close() error {
	var errs []error
	for _, s := range l.streams {
		s.close()
	}
	for _, f := range l.files {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// sink is one place that the log goes to.
type sink struct {
	to    destination
	path  string // of toFile
	level slog.Level
	json  bool
}

type destination int

const (
	toStderr destination = iota
	toStdout
	toFile
)

func (o LogOptions) sinks() []sink {
	base := sink{level: slog.LevelInfo, json: o.JSON}
	if o.Debug {
		base.level = slog.LevelDebug
	}
	if o.Quiet {
		base.level = slog.LevelWarn
	}
	var all []sink
	file := o.File
	if file == "" && o.Dir != "" {
		file = o.Program + ".log"
	}
	if file != "" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(o.Dir, file)
		}
		s := base
		s.to, s.path = toFile, file
		all = append(all, s)
	}
	if o.Stderr {
		all = append(all, base)
	}
	if len(all) == 0 {
		base.to = toStdout
		all = append(all, base)
	}
	return all
}

// parsePythonLogging reads a file for Python's logging.config: what the logger "keystone", or else the root, writes
// where, and how much. What it cannot do, such as fluentd, goes to standard error.
func parsePythonLogging(text string) []sink {
	ini := parseINI(text)
	logger := ini["logger_root"]
	names := list(logger["handlers"])
	for section, values := range ini {
		if strings.HasPrefix(section, "logger_") && values["qualname"] == "keystone" {
			own := list(values["handlers"])
			if values["propagate"] != "0" {
				own = append(own, names...)
			}
			names = own
			if _, ok := pythonLevel(values["level"]); ok {
				logger = values
			}
		}
	}
	level, ok := pythonLevel(logger["level"])
	if !ok {
		level = slog.LevelWarn // the root's own, in Python
	}
	var all []sink
	silent := false
	for _, name := range names {
		h, ok := ini["handler_"+name]
		if !ok {
			continue
		}
		s := sink{level: level, json: strings.Contains(ini["formatter_"+h["formatter"]]["class"], "JSON")}
		if l, ok := pythonLevel(h["level"]); ok {
			s.level = max(level, l)
		}
		switch class := h["class"]; {
		case strings.HasSuffix(class, "NullHandler"):
			silent = true
			continue
		case strings.HasSuffix(class, "FileHandler") && firstQuoted(h["args"]) != "":
			s.to, s.path = toFile, firstQuoted(h["args"])
		case strings.Contains(h["args"], "stdout"):
			s.to = toStdout
		}
		all = append(all, s)
	}
	if len(all) == 0 && !silent {
		all = append(all, sink{level: level})
	}
	return all
}

// parseINI reads what Python's configparser reads, as far as logging files need it.
func parseINI(text string) map[string]map[string]string {
	ini := map[string]map[string]string{}
	var section map[string]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			name := strings.TrimSuffix(line[1:], "]")
			if ini[name] == nil {
				ini[name] = map[string]string{}
			}
			section = ini[name]
			continue
		}
		if at := strings.IndexAny(line, "=:"); at > 0 && section != nil {
			section[strings.ToLower(strings.TrimSpace(line[:at]))] = strings.TrimSpace(line[at+1:])
		}
	}
	return ini
}

func list(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// firstQuoted returns the first string in a Python tuple such as ('/var/log/keystone/keystone.log', 'a').
func firstQuoted(args string) string {
	at := strings.IndexAny(args, `'"`)
	if at < 0 {
		return ""
	}
	s, _, _ := strings.Cut(args[at+1:], args[at:at+1])
	return s
}

func pythonLevel(s string) (level slog.Level, ok bool) {
	switch strings.ToUpper(s) {
	case "DEBUG":
		return slog.LevelDebug, true
	case "INFO":
		return slog.LevelInfo, true
	case "WARN", "WARNING":
		return slog.LevelWarn, true
	case "ERROR":
		return slog.LevelError, true
	case "CRITICAL", "FATAL":
		return levelCritical, true
	}
	return 0, false
}

const levelCritical = slog.LevelError + 4

// logFile appends to a file, and follows it when logrotate renames it away.
type logFile struct {
	path string
	now  func() time.Time

	mu      sync.Mutex
	file    *os.File
	info    os.FileInfo
	checked time.Time
}

func openLogFile(path string) (*logFile, error) {
	f := &logFile{path: path, now: time.Now}
	return f, f.open()
}

func (f *logFile) open() error {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if f.file != nil {
		f.file.Close() // all that was written is with the kernel
	}
	f.file, f.info, f.checked = file, info, f.now()
	return nil
}

// Write appends one record. Once a second it looks whether the path still names the file it has open.
func (f *logFile) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.checked) >= time.Second {
		f.checked = now
		if info, err := os.Stat(f.path); err != nil || !os.SameFile(info, f.info) {
			_ = f.open() // if that fails, the old file still takes the record
		}
	}
	return f.file.Write(b)
}

func (f *logFile) reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open()
}

func (f *logFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}

// fan hands each record to several handlers.
type fan []slog.Handler

func (f fan) Enabled(ctx context.Context, l slog.Level) bool {
	for _, h := range f {
		if h.Enabled(ctx, l) {
			return true
		}
	}
	return false
}

func (f fan) Handle(ctx context.Context, r slog.Record) error {
	var errs []error
	for _, h := range f {
		if h.Enabled(ctx, r.Level) {
			errs = append(errs, h.Handle(ctx, r.Clone()))
		}
	}
	return errors.Join(errs...)
}

func (f fan) WithAttrs(attrs []slog.Attr) slog.Handler {
	g := make(fan, len(f))
	for i, h := range f {
		g[i] = h.WithAttrs(attrs)
	}
	return g
}

func (f fan) WithGroup(name string) slog.Handler {
	g := make(fan, len(f))
	for i, h := range f {
		g[i] = h.WithGroup(name)
	}
	return g
}
